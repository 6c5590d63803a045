import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { Desk } from './desk';
import { Typed } from './typed';

/** The desk of each notebook, made when it is first looked at. */
export class Desks {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _typed: Typed,
    private readonly _made: (desk: Desk) => void
  ) {}

  get current(): Desk | null {
    const panel = this._tracker.currentWidget;
    return panel && !panel.isDisposed ? this.of(panel) : null;
  }

  of(panel: NotebookPanel): Desk {
    let desk = this._known.get(panel);
    if (!desk) {
      desk = new Desk(panel, this._typed);
      this._known.set(panel, desk);
      this._made(desk);
    }
    return desk;
  }

  private _known = new WeakMap<NotebookPanel, Desk>();
}
