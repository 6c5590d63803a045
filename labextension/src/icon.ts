import { LabIcon } from '@jupyterlab/ui-components';

/** A cell with a tick in it: code that somebody understands. */
export const icon = new LabIcon({
  name: 'comprehend-nb:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M20 11V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h5"/><path d="M8 9h8M8 13h4"/><path d="m14 18 2.5 2.5L21 15"/>
  </g></svg>`
});
