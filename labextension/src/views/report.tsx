import React from 'react';

import { RefusedError } from '../channel';
import { Desk } from '../desk';
import { Figure, Reported } from '../protocol';
import { plain } from '../text';
import { Button, Lines, Section, Trouble } from './common';

const ORDER = ['verified', 'explained', 'executed', 'stale', 'none', 'waived', 'baseline', 'look'];

/** The standing of the open notebook's cells, what an export would say, and the report on the whole project when it is asked for. */
export function ReportView(props: { desk: Desk; onExport: () => void }): JSX.Element {
  const { desk } = props;
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
      </div>
      {done?.ok === false ? <Trouble what={done.what} remedy={done.remedy} lines={done.lines} /> : null}
      {done && done.ok !== false ? <Lines lines={done.lines} /> : null}
      <ProjectView desk={desk} />
      {desk.summary?.note ? <div className="jp-mod-quiet">{desk.summary.note}</div> : null}
      <div className="jp-mod-quiet">A standing says who ran and explained what; it is visibility, not proof.</div>
    </Section>
  );
}

const AGAIN = 700;

/** The numbers of the report on the project, worked out beside the kernel when somebody wants them. */
function ProjectView(props: { desk: Desk }): JSX.Element {
  const { desk } = props;
  const [report, setReport] = React.useState<Reported | null>(null);
  const [asked, setAsked] = React.useState(0);
  React.useEffect(() => {
    let here = asked > 0;
    const failed = (reason: unknown): Reported => ({
      what: reason instanceof RefusedError ? reason.message : String(reason)
    });
    const look = async (again: boolean): Promise<void> => {
      const found = await desk.channel?.ask<Reported>({ ask: 'report', again }).catch(failed);
      if (here && found) {
        setReport(found);
        if (found.working) {
          window.setTimeout(() => void (here && look(false)), AGAIN);
        }
      }
    };
    if (here) {
      void look(true);
    }
    return () => {
      here = false;
    };
  }, [desk.channel, asked]);
  const working = !!report?.working;
  return (
    <>
      <div className="jp-ComprehendNb-buttons">
        <Button
          label={working ? 'Reading…' : report?.at ? 'Work it out again' : 'Report on the project'}
          tip="What comprehend-nb report says: notebooks, ledger and history are read beside the kernel"
          disabled={working || desk.line !== 'open'}
          onClick={() => setAsked(asked + 1)}
        />
        {report?.at ? <span className="jp-mod-quiet">{`${plain(report.project)}, ${when(report.at)}`}</span> : null}
      </div>
      <Trouble what={report?.what} remedy={report?.remedy} />
      {report?.shares?.length ? <SharesView report={report} /> : null}
      {report?.figures?.length ? (
        <dl className="jp-ComprehendNb-figures">
          {report.figures.map(one => (
            <FigureView key={one.name} one={one} />
          ))}
        </dl>
      ) : null}
      {report?.next?.length ? (
        <>
          <div className="jp-mod-quiet">To explain next</div>
          <Lines lines={report.next} />
        </>
      ) : null}
      <Lines lines={report?.notes} />
    </>
  );
}

/** The classes are never blended into one number: each has its part of the bar, and its words below. */
function SharesView(props: { report: Reported }): JSX.Element {
  const some = (props.report.shares ?? []).filter(one => one.share > 0);
  return (
    <div>
      <div className="jp-ComprehendNb-bar" aria-hidden="true">
        {some.map(one => (
          <span key={one.name} className={`jp-mod-${one.name}`} style={{ flexGrow: one.share }} title={one.name} />
        ))}
      </div>
      <ul className="jp-ComprehendNb-legend" aria-label="Share of the logic in each class">
        {some.map(one => (
          <li key={one.name} title={plain(one.meaning)}>
            <span className={`jp-ComprehendNb-swatch jp-mod-${one.name}`} aria-hidden="true" />
            {`${plain(one.name)} ${percent(one.share)}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function FigureView(props: { one: Figure }): JSX.Element {
  const { name, value, interval, meaning, unknown } = props.one;
  return (
    <div title={plain(meaning)} className={unknown ? 'jp-mod-unknown' : ''}>
      <dt>{plain(name)}</dt>
      <dd>
        {plain(value)}
        {interval ? <span className="jp-mod-quiet">{` (95 %: ${plain(interval)})`}</span> : null}
      </dd>
    </div>
  );
}

/** A share that is not 0 is never shown as 0, one that is not whole never as 100. */
function percent(share: number): string {
  const value = Math.round(share * 100);
  return share > 0 && value === 0 ? '<1 %' : share < 1 && value === 100 ? '>99 %' : `${value} %`;
}

function when(at: string): string {
  const date = new Date(at);
  return isNaN(date.valueOf()) ? '' : date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
