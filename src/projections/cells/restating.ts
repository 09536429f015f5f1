import type { Settings } from '../settings.js'
import type { Cell } from './cell.js'
import type { CellStore } from './cell-store.js'

/**
 * Restates rows after settings changed that count for all of history: open cells at once, closed cells as the clock
 * ticks, a limited number per tick.
 */
export class Restating {
  private readonly settings: Settings
  private readonly store: CellStore
  private readonly perTick: number
  /** The key of the last closed cell that was restated; null when there is nothing to restate. */
  private through: string | null

  constructor(settings: Settings, store: CellStore, perTick: number, through: string | null) {
    this.settings = settings
    this.store = store
    this.perTick = perTick
    this.through = through
  }

  /** Settings changed. Closed cells are restated from the first one again. */
  begin(): void {
    this.store.forOpen((cell) => this.restate(cell))
    this.through = ''
  }

  tick(): void {
    if (this.through === null) return
    this.through = this.store.forClosed(this.through, this.perTick, (cell) => this.restate(cell)) ?? null
  }

  save(): string | null {
    return this.through
  }

  private restate(cell: Cell): void {
    const { version } = this.settings
    if (cell.settingsVersion === version) return
    const { family, start } = cell
    cell.restate(
      version,
      this.settings.rendering(family, start, cell.settingsVersion),
      this.settings.rendering(family, start, version),
    )
  }
}
