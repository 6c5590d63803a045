import { IEditorServices } from '@jupyterlab/codeeditor';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

/** What the views borrow from JupyterLab. */
export interface IBorrowed {
  editors: IEditorServices;
  rendermime: IRenderMimeRegistry;
  /** Run one of our commands. */
  run(command: string): void;
}
