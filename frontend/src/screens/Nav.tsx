import { go, TABS, tab } from "../state/focus.ts";
import { openOrders, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { Icon } from "../ui/icons.tsx";

export function Nav() {
  const counts = { trade: 0, positions: openPositions.value.length, orders: openOrders.value.length, journal: 0, more: 0 };
  return (
    <nav class="tabs" aria-label={t.app}>
      {TABS.map((name) => (
        <a
          key={name}
          class="tab"
          href={`#/${name}`}
          aria-current={tab.value === name ? "page" : undefined}
          onClick={(event) => {
            event.preventDefault();
            go(name);
          }}
        >
          <span class="tab-icon">
            <Icon name={name} />
            {counts[name] > 0 && <span class="badge">{counts[name]}</span>}
          </span>
          <span>{t.tabs[name]}</span>
        </a>
      ))}
    </nav>
  );
}
