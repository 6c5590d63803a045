import React from 'react';

import { Desk } from '../desk';
import { Done } from '../protocol';
import { Button, Lines, Plain, Section, Trouble } from './common';

const ORDER = ['verified', 'explained', 'executed', 'stale', 'none', 'waived', 'baseline', 'look'];

/** The standing of the open notebook's cells, what an export would say, and the report on the whole project when it is asked for. */
export function ReportView(props: { desk: Desk; onExport: () => void }): JSX.Element {
  const { desk } = props;
  const [report, setReport] = React.useState<Done | null>(null);
  const counts = new Map<string, number>();
  for (const { label } of desk.marks.values()) {
    if (label) {
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
  }
  const done = desk.exported;
  const busy = desk.doing?.act === 'export';
  return (
    <Section title="Report">
      <table className="jp-ComprehendNb-report">
        <caption className="jp-mod-quiet">Code cells of this notebook, as this kernel knows them</caption>
        <tbody>
          {ORDER.filter(label => counts.has(label)).map(label => (
            <tr key={label}>
              <th scope="row">
                <span className={`jp-ComprehendNb-mark jp-mod-${label}`} aria-hidden="true" /> {label}
              </th>
              <td>{counts.get(label)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="jp-ComprehendNb-buttons">
        <Button
          label={busy ? 'Looking…' : 'Export'}
          tip="What would be refused, and why; then the library"
          disabled={desk.doing !== null || desk.line !== 'open'}
          onClick={props.onExport}
        />
        {desk.can('report') ? (
          <Button
            label={desk.doing?.act === 'report' ? 'Reading…' : 'Report on the project'}
            tip="What comprehend-nb report says"
            disabled={desk.doing !== null || desk.line !== 'open'}
            onClick={() => void desk.act({ do: 'report' }).then(setReport)}
          />
        ) : null}
      </div>
      {report?.ok === false ? <Trouble what={report.what} remedy={report.remedy} /> : null}
      {report && report.ok !== false ? <Plain text={(report.lines ?? []).join('\n')} className="jp-mod-code" /> : null}
      {done?.ok === false ? <Trouble what={done.what} remedy={done.remedy} lines={done.lines} /> : null}
      {done && done.ok !== false ? <Lines lines={done.lines} /> : null}
      {desk.summary?.note ? <div className="jp-mod-quiet">{desk.summary.note}</div> : null}
      <div className="jp-mod-quiet">A standing says who ran and explained what; it is visibility, not proof.</div>
    </Section>
  );
}
