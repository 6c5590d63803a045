import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { Desk } from './desk';
import { Lines } from './views/common';

/** Save, say what an export would refuse and why, and export if nothing is refused. */
export async function exportFrom(desk: Desk): Promise<void> {
  await desk.panel.context.save();
  const seen = await desk.act({ do: 'export', check: true });
  desk.exported = seen;
  if (seen.ok === false) {
    desk.update();
    await showDialog({
      title: seen.what || 'Nothing was exported',
      body: ReactWidget.create(
        React.createElement(Lines, { lines: seen.lines?.length ? seen.lines : [seen.remedy ?? ''] })
      ),
      buttons: [Dialog.okButton({ label: 'Close' })]
    });
    return;
  }
  desk.exported = await desk.act({ do: 'export' });
  desk.update();
}
