import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';

import { Desk } from './desk';
import { Mark } from './protocol';
import { plain } from './text';

const CLASS = 'jp-ComprehendNb-mark';

/** A quiet mark beside each code cell of a notebook: where it stands. */
export class CellMarks implements IDisposable {
  constructor(
    private readonly _desk: Desk,
    private readonly _onClick: (desk: Desk, cell: string) => void
  ) {
    _desk.changed.connect(this._draw, this);
    _desk.panel.content.modelContentChanged.connect(this._drawSoon, this);
    this._draw();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._desk.changed.disconnect(this._draw, this);
      cellsOf(this._desk.panel).forEach(cell => cell.node.querySelector(`:scope > .${CLASS}`)?.remove());
    }
  }

  /** New cells come in without a mark; theirs is drawn in the next frame, not while somebody types. */
  private _drawSoon(): void {
    if (!this._due) {
      this._due = true;
      requestAnimationFrame(() => {
        this._due = false;
        this._draw();
      });
    }
  }

  private _draw(): void {
    if (this._disposed || this._desk.panel.isDisposed) {
      return;
    }
    for (const cell of cellsOf(this._desk.panel)) {
      const mark = this._desk.marks.get(cell.model.id);
      const state = mark ? `${mark.label} ${mark.reasons?.join('\n') ?? ''}` : '';
      if (this._drawn.get(cell) !== state) {
        this._drawn.set(cell, state);
        this._one(cell, mark);
      }
    }
  }

  private _one(cell: Cell, mark: Mark | undefined): void {
    const old = cell.node.querySelector<HTMLButtonElement>(`:scope > .${CLASS}`);
    if (!mark?.label) {
      old?.remove();
      return;
    }
    const button = old ?? document.createElement('button');
    button.type = 'button';
    button.className = `${CLASS} jp-mod-${mark.label}`;
    const words = [`${mark.label}${mark.ai ? ', from a model' : ''}`, ...(mark.reasons ?? [])].map(plain);
    button.title = `${words.join('\n')}\nClick for its explanations`;
    button.setAttribute('aria-label', `Standing of this cell: ${words[0]}`);
    button.onclick = event => {
      event.stopPropagation();
      this._onClick(this._desk, cell.model.id);
    };
    if (!old) {
      cell.node.append(button);
    }
  }

  private _disposed = false;
  private _due = false;
  private _drawn = new WeakMap<Cell, string>();
}

function cellsOf(panel: NotebookPanel): Cell[] {
  return panel.content.widgets.filter(cell => cell.model.type === 'code');
}
