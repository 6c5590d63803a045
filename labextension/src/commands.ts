import { ICommandPalette } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { Desk } from './desk';
import { Desks } from './desks';
import { exportFrom } from './export';
import { icon } from './icon';

export namespace CommandIDs {
  export const open = 'comprehend-nb:open';
  export const ask = 'comprehend-nb:ask';
  export const preview = 'comprehend-nb:preview';
  export const run = 'comprehend-nb:run';
  export const edit = 'comprehend-nb:edit';
  export const reject = 'comprehend-nb:reject';
  export const explain = 'comprehend-nb:explain';
  export const check = 'comprehend-nb:check';
  export const cell = 'comprehend-nb:cell';
  export const state = 'comprehend-nb:state';
  export const load = 'comprehend-nb:load';
  export const report = 'comprehend-nb:report';
  export const exportAll = 'comprehend-nb:export';
}

interface ICommands {
  commands: CommandRegistry;
  palette: ICommandPalette | null;
  desks: Desks;
  panel: Widget;
  /** Bring the panel up. */
  show(): void;
}

/** All that the panel does, for the palette, for shortcuts and for menus. */
export function addCommands(options: ICommands): void {
  const { commands, palette, desks, panel, show } = options;
  const ready = () => desks.current?.line === 'open';
  const focus = (selector: string) => {
    show();
    // the panel may just have been put on the page
    window.setTimeout(() => {
      const found = panel.node.querySelector<HTMLElement>(selector);
      found?.closest('details')?.setAttribute('open', '');
      found?.focus();
    });
  };
  const press = (...words: string[]) => {
    show();
    window.setTimeout(() => {
      const buttons = panel.node.querySelectorAll<HTMLButtonElement>('.jp-ComprehendNb-draft button');
      [...buttons].find(b => words.some(w => b.textContent?.startsWith(w)))?.click();
    });
  };
  const add = (id: string, label: string, execute: (desk: Desk) => unknown, always = false) => {
    commands.addCommand(id, {
      label,
      caption: label,
      icon: id === CommandIDs.open || id === CommandIDs.exportAll ? icon : undefined,
      isEnabled: () => always || ready(),
      execute: () => {
        const desk = desks.current;
        return desk || always ? execute(desk as Desk) : undefined;
      }
    });
    palette?.addItem({ command: id, category: 'Comprehension' });
  };
  add(CommandIDs.open, 'Show the Comprehension Panel', () => show(), true);
  add(CommandIDs.ask, 'Ask for a Cell', () => focus('.jp-ComprehendNb-ask'));
  add(CommandIDs.preview, 'Preview the Draft', () => press('Preview'));
  add(CommandIDs.run, 'Run the Draft', () => press('Run'));
  add(CommandIDs.edit, 'Edit the Draft', () => press('Edit'));
  add(CommandIDs.reject, 'Reject the Draft', () => press('Reject'));
  add(CommandIDs.explain, 'Explain the Draft', () => focus('.jp-ComprehendNb-draft .jp-ComprehendNb-explain textarea'));
  add(CommandIDs.check, 'Check Me on the Draft', () => press('Check me', 'Predict', 'Next question'));
  add(CommandIDs.cell, 'Explanations of the Selected Cell', async desk => {
    const id = desk.panel.content.activeCell?.model.id;
    if (id) {
      show();
      await desk.look(id);
      focus('.jp-mod-cell button');
    }
  });
  add(CommandIDs.state, 'Filter the Live State', () => focus('.jp-ComprehendNb-filter'));
  add(
    CommandIDs.load,
    'Load comprehend-nb into the Kernel',
    desk => {
      show();
      return desk?.channel?.load();
    },
    true
  );
  const report = () => focus('.jp-mod-report summary');
  add(CommandIDs.report, 'Standing of This Notebook', report);
  add(CommandIDs.exportAll, 'Export What Is Understood', desk => exportFrom(desk));
}
