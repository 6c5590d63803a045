import { InputDialog } from '@jupyterlab/apputils';
import { KernelMessage } from '@jupyterlab/services';

import { Future } from './channel';
import { plain } from './text';

/** Ask the person what the running code asks them. */
export async function answerInput(msg: KernelMessage.IStdinMessage, future: Future): Promise<void> {
  if (!KernelMessage.isInputRequestMsg(msg)) {
    return;
  }
  const options = { title: 'The kernel asks', label: plain(msg.content.prompt) };
  const found = await (msg.content.password ? InputDialog.getPassword(options) : InputDialog.getText(options));
  future.sendInputReply({ status: 'ok', value: found.value ?? '' }, msg.header as never);
}
