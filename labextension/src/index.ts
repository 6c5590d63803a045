import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';

import { addCommands } from './commands';
import { Desks } from './desks';
import { exportFrom } from './export';
import { answerInput } from './input';
import { CellMarks } from './marks';
import { Settings } from './settings';
import { Typed } from './typed';
import { PanelWidget } from './views/panel';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'comprehend-nb:plugin',
  description: 'See the live state, try the draft, say what you understand.',
  autoStart: true,
  requires: [INotebookTracker, IEditorServices, IRenderMimeRegistry],
  optional: [ICommandPalette, ISettingRegistry, IStateDB, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    editors: IEditorServices,
    rendermime: IRenderMimeRegistry,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    restorer: ILayoutRestorer | null
  ) => {
    const settings = new Settings(registry, plugin.id);
    const borrowed = { editors, rendermime, run: (id: string) => void app.commands.execute(id) };
    const panel = new PanelWidget(borrowed, desk => void exportFrom(desk));
    const show = () => app.shell.activateById(panel.id);
    const desks = new Desks(tracker, new Typed(state), desk => {
      desk.input = answerInput;
      let line = '';
      desk.changed.connect(() => {
        if (desk.line !== line) {
          line = desk.line;
          app.commands.notifyCommandChanged();
        }
      });
      settings.whileMarks(
        () =>
          new CellMarks(desk, (at, cell) => {
            show();
            void at.look(cell);
          })
      );
    });
    const follow = () => {
      panel.desk = desks.current;
      app.commands.notifyCommandChanged();
    };
    tracker.currentChanged.connect(follow);
    follow();
    void settings.ready.then(() => {
      app.shell.add(panel, settings.area, { rank: 900, type: 'Comprehension' });
      restorer?.add(panel, panel.id);
    });
    addCommands({ commands: app.commands, palette, desks, panel, show });
  }
};

export default plugin;
