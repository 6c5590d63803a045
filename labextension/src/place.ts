import type { IOutput } from '@jupyterlab/nbformat';
import { NotebookPanel } from '@jupyterlab/notebook';

import { DraftView } from './protocol';

/** Why a draft cannot take the place of the cell that it was written against. */
export type Conflict = '' | 'edited' | 'deleted';

function indexOf(panel: NotebookPanel, id: string): number {
  return id ? panel.content.widgets.findIndex(w => w.model.id === id) : -1;
}

/** The cell that the draft is to replace has changed or gone; another one is never taken in its place. */
export function conflictOf(panel: NotebookPanel, draft: DraftView): Conflict {
  if (!draft.target) {
    return '';
  }
  const at = indexOf(panel, draft.target);
  if (at < 0) {
    return 'deleted';
  }
  const now = panel.content.widgets[at].model.sharedModel.getSource();
  return now.trim() === (draft.base ?? '').trim() ? '' : 'edited';
}

function isBlank(panel: NotebookPanel, at: number): boolean {
  const model = panel.content.widgets[at]?.model;
  return model?.type === 'code' && !model.sharedModel.getSource().trim();
}

export const CONFLICTS: Record<'edited' | 'deleted', string> = {
  edited: 'The cell that it was to replace was edited meanwhile.',
  deleted: 'The cell that it was to replace is gone.'
};

/**
 * Put an accepted draft into the notebook and select it; the id of its cell.
 *
 * It replaces the cell that it was written against, if that is still as it was; else it goes below the cell it was asked from (or
 * the selected one), or into that one where it is blank.
 */
export function place(panel: NotebookPanel, draft: DraftView, outputs: IOutput[], asNew = false): string {
  const shared = panel.content.model?.sharedModel;
  if (!shared) {
    return '';
  }
  const asked = indexOf(panel, draft.after ?? '');
  const from = asked >= 0 ? asked : panel.content.activeCellIndex;
  const meant = asNew || conflictOf(panel, draft) ? -1 : indexOf(panel, draft.target ?? '');
  const target = meant < 0 && isBlank(panel, from) ? from : meant;
  const cell = {
    cell_type: 'code' as const,
    source: draft.code,
    metadata: { trusted: true },
    outputs: outputs.map(o => (o.output_type === 'execute_result' ? { ...o, execution_count: null } : o)),
    execution_count: null
  };
  const at = target >= 0 ? target : from + 1;
  shared.transact(() => {
    if (target >= 0) {
      const id = panel.content.widgets[target].model.id;
      shared.deleteCell(target);
      shared.insertCell(at, { ...cell, id } as never);
    } else {
      shared.insertCell(at, cell);
    }
  });
  panel.content.activeCellIndex = at;
  panel.content.deselectAll();
  void panel.content.scrollToItem(at);
  return panel.content.widgets[at]?.model.id ?? '';
}

/** Select a cell and bring it into view; false where it is gone. */
export function reveal(panel: NotebookPanel, id: string): boolean {
  const at = indexOf(panel, id);
  if (at >= 0) {
    panel.content.activeCellIndex = at;
    void panel.content.scrollToItem(at);
  }
  return at >= 0;
}
