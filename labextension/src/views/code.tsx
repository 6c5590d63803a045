import { unifiedMergeView } from '@codemirror/merge';
import { CodeEditor } from '@jupyterlab/codeeditor';
import React from 'react';

import { IBorrowed } from '../services';

interface ICode {
  borrowed: IBorrowed;
  code: string;
  /** The code that it replaces or grew out of: shown as a difference. */
  base?: string;
  label: string;
  editable?: boolean;
  onEdit?: (code: string) => void;
  /** Is given a function that says what stands in the editor now. */
  shown?: React.MutableRefObject<() => string>;
}

/** Code in JupyterLab's own editor, with its highlighting and keys; as a difference where there is a base. */
export function CodeView(props: ICode): JSX.Element {
  const { borrowed, code, base, label, editable = false, onEdit, shown } = props;
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (!host.current) {
      return undefined;
    }
    const model = new CodeEditor.Model({ mimeType: 'text/x-ipython' });
    model.sharedModel.setSource(code);
    const editor = borrowed.editors.factoryService.newInlineEditor({
      model,
      host: host.current,
      config: { readOnly: !editable, lineNumbers: false, lineWrap: true }
    });
    if (base) {
      editor.injectExtension(
        unifiedMergeView({ original: base, mergeControls: false, gutter: true, highlightChanges: true })
      );
    }
    const content = host.current.querySelector('.cm-content');
    content?.setAttribute('aria-label', label);
    const changed = () => onEdit?.(model.sharedModel.getSource());
    if (editable) {
      model.sharedModel.changed.connect(changed);
      editor.focus();
    }
    if (shown) {
      shown.current = () => model.sharedModel.getSource();
    }
    return () => {
      model.sharedModel.changed.disconnect(changed);
      editor.dispose();
      model.dispose();
    };
  }, [borrowed, code, base, editable]);
  return <div className={`jp-ComprehendNb-code${editable ? ' jp-mod-editable' : ''}`} ref={host} />;
}
