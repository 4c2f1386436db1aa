import { useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { cancelAll } from "../api/routes.ts";
import type { Position } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { alertNow } from "../state/announce.ts";
import { step } from "../state/derive.ts";
import { account } from "../state/focus.ts";
import { blocksReducing, fresh, kind } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { closeAll } from "../state/reducing.ts";
import { openOrders, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Environment, Note } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { refusalText } from "./refusals.ts";

interface Line {
  key: string;
  name: string;
  result: string;
  bad: boolean;
}

function Results({ lines }: { lines: Line[] }) {
  return (
    <ul class="results">
      {lines.map((line) => (
        <li key={line.key} data-tone={line.bad ? "bad" : "good"}>
          <span>{line.name}</span>
          <b>{line.result}</b>
        </li>
      ))}
    </ul>
  );
}

type Progress = "ready" | "working" | "done";

interface Action {
  title: string;
  count: string;
  button: string;
  about: string;
  nothing: boolean;
  disabled: boolean;
  run: (add: (line: Line) => void) => Promise<void>;
}

/** One action of Stop: says what it will do, asks for a hold, then shows what happened to each. */
function StopAction({ title, count, button, about, nothing, disabled, run }: Action) {
  const [progress, setProgress] = useState<Progress>("ready");
  const [lines, setLines] = useState<Line[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const start = async () => {
    const gathered: Line[] = [];
    setProgress("working");
    setFailure(null);
    setLines([]);
    try {
      await run((line) => {
        gathered.push(line);
        setLines([...gathered]);
      });
      alertNow(`${title}: ${tt.stopDone(gathered.filter((line) => !line.bad).length, gathered.length)}`);
    } catch (error) {
      const said = error instanceof Refused ? refusalText(error).title : tt.stopUnknown;
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setFailure(said);
      alertNow(`${title}: ${said}`);
    } finally {
      setProgress("done");
    }
  };
  return (
    <section class="stop-action">
      <h3>{title}</h3>
      <p>{count}</p>
      <Confirm
        hold
        label={progress === "working" ? tt.working2 : button}
        now={tt.confirmNow}
        tone="danger"
        disabled={disabled || nothing || progress === "working"}
        about={about}
        onConfirm={() => void start()}
      />
      {lines.length > 0 && <Results lines={lines} />}
      {progress === "done" && !failure && (
        <p class="line">{tt.stopDone(lines.filter((line) => !line.bad).length, lines.length)}</p>
      )}
      {failure && (
        <Note icon="warn" tone="bad">
          {failure}
        </Note>
      )}
    </section>
  );
}

function positionName(position: Position): string {
  return `${position.symbol} ${position.side ? t.held(position.side) : ""} ${number(position.size, step(position.symbol))}`;
}

export function StopSheet() {
  const front = account.value;
  const orders = openOrders.value.filter((row) => row.account === front?.id);
  const positions = openPositions.value.filter((row) => row.account === front?.id);
  const markets = new Set(orders.map((row) => row.symbol)).size;
  const blocked = blocksReducing(front?.id);
  return (
    <Sheet title={tt.stopTitle} aside={front && <Environment account={front} />} onClose={hide}>
      {front && <p class="line">{tt.stopScope(front.label)}</p>}
      {blocked && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : t.block[blocked]}
        </Note>
      )}
      {!blocked && !fresh.value && (
        <Note icon="warn" tone="warn">
          {t.staleWarning}
        </Note>
      )}
      <StopAction
        title={tt.cancelAllTitle}
        count={tt.cancelAllCount(orders.length, markets)}
        button={tt.holdCancelAll}
        about={front?.id ?? ""}
        nothing={orders.length === 0 && fresh.value}
        disabled={blocked !== null}
        run={async (add) => {
          for (const item of await cancelAll(front?.id ?? "")) {
            const { order } = item;
            const bad = item.result === "failed" || item.result === "unknown";
            const code = item.code ? ` (${item.code})` : "";
            const name = `${order.symbol} ${t.side(order.side)} ${number(order.qty, step(order.symbol))}`;
            add({ key: order.id, name, result: tt.result[item.result] + code, bad });
          }
        }}
      />
      <StopAction
        title={tt.closeAllTitle}
        count={tt.closeAllCount(positions.length)}
        button={tt.holdCloseAll}
        about={front?.id ?? ""}
        nothing={positions.length === 0}
        disabled={blocked !== null}
        run={(add) =>
          closeAll(positions, (position, result, why) =>
            add({ key: position.id, name: positionName(position), result: why ? `${tt.result[result]}: ${why}` : tt.result[result], bad: result !== "accepted" }),
          )
        }
      />
    </Sheet>
  );
}
