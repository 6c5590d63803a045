import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IDisposable } from '@lumino/disposable';

/** The person's settings of the panel. */
export class Settings {
  constructor(registry: ISettingRegistry | null, id: string) {
    this.ready = registry
      ? registry
          .load(id)
          .then(found => this._read(found))
          .catch(() => undefined)
      : Promise.resolve();
  }

  readonly ready: Promise<void>;
  area: 'left' | 'right' = 'right';

  /** Keep something made while marks are wanted beside the cells. */
  whileMarks(make: () => IDisposable): void {
    const maker: IMaker = { make, made: null };
    this._makers.push(maker);
    void this.ready.then(() => this._apply(maker));
  }

  private _read(found: ISettingRegistry.ISettings): void {
    const take = () => {
      this.area = found.composite.area === 'left' ? 'left' : 'right';
      this._marks = found.composite.marks !== false;
      this._makers.forEach(maker => this._apply(maker));
    };
    found.changed.connect(take);
    take();
  }

  private _apply(maker: IMaker): void {
    if (this._marks && !maker.made) {
      maker.made = maker.make();
    } else if (!this._marks && maker.made) {
      maker.made.dispose();
      maker.made = null;
    }
  }

  private _marks = true;
  private _makers: IMaker[] = [];
}

interface IMaker {
  make: () => IDisposable;
  made: IDisposable | null;
}
