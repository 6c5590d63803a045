import { OutputAreaModel } from '@jupyterlab/outputarea';
import { KernelMessage } from '@jupyterlab/services';

/** Render what a run publishes, as the notebook would. */
export function renderInto(model: OutputAreaModel, msg: KernelMessage.IIOPubMessage): void {
  if (
    KernelMessage.isStreamMsg(msg) ||
    KernelMessage.isDisplayDataMsg(msg) ||
    KernelMessage.isExecuteResultMsg(msg) ||
    KernelMessage.isErrorMsg(msg)
  ) {
    model.add({ output_type: msg.header.msg_type, ...msg.content } as never);
  } else if (KernelMessage.isClearOutputMsg(msg)) {
    model.clear(msg.content.wait);
  }
}
