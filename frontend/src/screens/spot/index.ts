// All that is spot's own, in one file to fetch.
export { Holding } from "./Holding.tsx";
export { SpotFigures } from "./Summary.tsx";
export { SpotButton, SpotForm } from "./Ticket.tsx";
