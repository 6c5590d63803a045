import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { Shown, Table } from '../protocol';
import { IBorrowed } from '../services';
import { plain } from '../text';
import { Plain } from './common';

/** What a run in the kernel showed, rendered as JupyterLab renders it. */
export function RunOutputs(props: { borrowed: IBorrowed; model: OutputAreaModel }): JSX.Element {
  const { borrowed, model } = props;
  const host = React.useRef<HTMLDivElement>(null);
  // before the host leaves the page: a widget is detached where it is attached
  React.useLayoutEffect(() => {
    const area = new SimplifiedOutputArea({ model, rendermime: borrowed.rendermime });
    if (host.current) {
      Widget.attach(area, host.current);
    }
    return () => {
      if (area.isAttached) {
        Widget.detach(area);
      }
      area.dispose();
    };
  }, [borrowed, model]);
  return <div className="jp-ComprehendNb-outputs" ref={host} role="region" aria-label="Output" />;
}

/** What a preview showed: nobody has run that code yet, so text, PNG and tables of text, and nothing else. */
export function PreviewOutputs(props: { shown?: Shown[] }): JSX.Element | null {
  if (!props.shown?.length) {
    return null;
  }
  return (
    <div className="jp-ComprehendNb-preview" role="region" aria-label="What the preview showed">
      {props.shown.map((one, i) => (
        <One key={i} one={one} />
      ))}
    </div>
  );
}

const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

function One(props: { one: Shown }): JSX.Element | null {
  const { text, png, table } = props.one;
  if (png && BASE64.test(png)) {
    return <img alt="What the preview drew" src={`data:image/png;base64,${png}`} />;
  }
  return table ? <TableView table={table} /> : <Plain text={text} className="jp-mod-code" />;
}

function TableView(props: { table: Table }): JSX.Element {
  const { head, rows, more } = props.table;
  return (
    <table>
      <thead>
        <tr>
          {head.map((cell, i) => (
            <th key={i} scope="col">
              {plain(cell)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={i}>
            {row.map((cell, j) => (
              <td key={j}>{plain(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
      {more ? <caption>{`and ${more} more rows`}</caption> : null}
    </table>
  );
}
