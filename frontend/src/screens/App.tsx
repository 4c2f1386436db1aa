import { marketOf } from "../lib/market.ts";
import { polite, urgent } from "../state/announce.ts";
import { tab } from "../state/focus.ts";
import { layout } from "../state/layout.ts";
import { overlay } from "../state/overlay.ts";
import { signedIn } from "../state/session.ts";
import { known } from "../net/live.ts";
import { desk, review } from "../state/ticket.ts";
import { Aftermath } from "./Aftermath.tsx";
import { Book, Chart } from "./ChartArea.tsx";
import { CloseSheet } from "./CloseSheet.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Banner, Header, Pauses } from "./Header.tsx";
import { Nav } from "./Nav.tsx";
import { Orders } from "./Orders.tsx";
import { Positions } from "./Positions.tsx";
import { SignIn } from "./SignIn.tsx";
import { StopSheet } from "./StopSheet.tsx";
import { Trade } from "./Trade.tsx";
import { UnsettledSheet } from "./Unsettled.tsx";
import { UpdateBar } from "./UpdateBar.tsx";

const DetailsSheet = lazy(() => import("./Details.tsx").then((part) => part.DetailsSheet));
const KeySheet = lazy(() => import("./Keys.tsx").then((part) => part.KeySheet));
const MarketSheet = lazy(() => import("./Markets.tsx").then((part) => part.MarketSheet));
const ReviewSheet = lazy(() => import("./Review.tsx").then((part) => part.ReviewSheet));
const TicketSheet = lazy(() => import("./TicketSheet.tsx").then((part) => part.TicketSheet));
const TicketPanel = lazy(() => import("./TicketSheet.tsx").then((part) => part.TicketPanel), <aside class="ticket-panel" />);
const LeverageSheet = lazy(() => import("./LeverageSheet.tsx").then((part) => part.LeverageSheet));
const AmendSheet = lazy(() => import("./AmendSheet.tsx").then((part) => part.AmendSheet));
const OrderSheet = lazy(() => import("./OrderSheet.tsx").then((part) => part.OrderSheet));
const StopsSheet = lazy(() => import("./StopsSheet.tsx").then((part) => part.StopsSheet));
const ReverseSheet = lazy(() => import("./ReverseSheet.tsx").then((part) => part.ReverseSheet));
const PositionSheet = lazy(() => import("./ReverseSheet.tsx").then((part) => part.PositionSheet));
const PhoneSheet = lazy(() => import("./PhoneSheet.tsx").then((part) => part.PhoneSheet));
const NotifySheet = lazy(() => import("../push/NotifySheet.tsx").then((part) => part.NotifySheet));
const ChartSheet = lazy(() => import("./ChartSheet.tsx").then((part) => part.ChartSheet));

const SOON_MS = 2_500;
let begun = false;

/** What is one tap away comes before it is asked for, so that the tap does not wait; after the first screen, and one by one, so
 * that this does not wait either. */
export function fetchParts(): void {
  if (begun) return;
  begun = true;
  setTimeout(() => void fetchAll(), SOON_MS);
}

async function fetchAll(): Promise<void> {
  for (const part of [TicketSheet, ReviewSheet, Chart, Book, MarketSheet, ChartSheet, LeverageSheet, AmendSheet, OrderSheet, StopsSheet, ReverseSheet, PositionSheet, Journal, More, PhoneSheet]) await part.fetch().catch(() => undefined);
}

const More = lazy(() => import("./More.tsx").then((part) => part.More));
const Journal = lazy(() => import("./Journal.tsx").then((part) => part.Journal));
const SCREENS = { trade: Trade, positions: Positions, orders: Orders, journal: Journal, more: More };

function Overlay() {
  const open = overlay.value;
  if (!open) return null;
  switch (open.kind) {
    case "markets": return <MarketSheet />;
    case "leverage": return <LeverageSheet desk={open.desk} />;
    case "amend": return <AmendSheet key={open.order} id={open.order} {...(open.change ? { change: open.change } : {})} />;
    case "order": return <OrderSheet key={open.order} id={open.order} />;
    case "stops": return <StopsSheet key={open.position} id={open.position} {...(open.change ? { change: open.change } : {})} />;
    case "reverse": return <ReverseSheet key={open.position} id={open.position} />;
    case "position": return <PositionSheet key={open.position} id={open.position} />;
    case "chart": return <ChartSheet />;
    case "ticket": return <TicketSheet desk={open.desk} />;
    case "close": return <CloseSheet key={open.position} id={open.position} />;
    case "stop": return <StopSheet />;
    case "details": return <DetailsSheet />;
    case "unsettled": return <UnsettledSheet />;
    case "keys": return <KeySheet />;
    case "phone": return <PhoneSheet />;
    case "notify": return <NotifySheet />;
  }
}

function Announcer() {
  return (
    <>
      <p class="hidden" role="status">
        {polite}
      </p>
      <p class="hidden" role="alert">
        {urgent}
      </p>
    </>
  );
}

function Console() {
  const Screen = SCREENS[tab.value];
  const wide = layout.value !== "phone";
  return (
    <>
      <Header />
      <Nav />
      <main class="main" aria-busy={known.value ? undefined : true}>
        <UpdateBar />
        <Aftermath />
        <Pauses />
        {wide && <Banner />}
        <Screen key={tab.value} />
      </main>
      {!wide && <Banner />}
      {wide && (desk.value ? <TicketPanel key={`${desk.value.account} ${marketOf(desk.value)}`} desk={desk.value} /> : <aside class="ticket-panel" />)}
      <Overlay />
      {review.value && <ReviewSheet key={review.value.order.id} asked={review.value} />}
    </>
  );
}

export function App() {
  return (
    <>
      {signedIn.value === "no" ? <SignIn /> : <Console />}
      <Announcer />
    </>
  );
}
