import { lazy } from "./lazy.tsx";

/** Asks for a proof that it is you, where something wants one first. */
export const StepUp = lazy(() => import("../screens/security/StepUp.tsx").then((part) => part.StepUp));
