import { decodeList, emptyList, encodeJson, withIntervals, type DayList, type ListedInterval } from './manifest.js'
import { ManifestDamaged } from './manifest.js'
import { listKey, sha256Of } from './layout.js'
import type { ObjectStore } from './object-store.js'

/** Lists that are kept in memory: those of the days that are written to. */
const KEPT_MAX = 256

/** The lists of days at a store. A list never changes, so what was read or written once is kept. */
export class DayLists {
  private readonly store: ObjectStore
  /** By SHA-256, the one that was used last at the end. */
  private readonly kept = new Map<string, DayList>()

  constructor(store: ObjectStore) {
    this.store = store
  }

  /** The list of a day; `sha256` is what the manifest says of it, `undefined` where it has none. */
  async read(day: string, sha256: string | undefined, signal: AbortSignal): Promise<DayList> {
    if (sha256 === undefined) return emptyList(day)
    const known = this.kept.get(sha256)
    if (known !== undefined) return this.keep(sha256, known)
    const found = await this.store.get(listKey(day, sha256), signal)
    if (found === undefined)
      throw new ManifestDamaged(`the manifest names ${listKey(day, sha256)}, which is not there: restore it`)
    return this.keep(sha256, decodeList(found.bytes, sha256))
  }

  /** Stores the list of a day with these versions added; answers its SHA-256. */
  async add(
    day: string,
    before: string | undefined,
    added: readonly ListedInterval[],
    signal: AbortSignal,
  ): Promise<string> {
    const list = withIntervals(await this.read(day, before, signal), added)
    const bytes = encodeJson(list)
    const sha256 = sha256Of(bytes)
    if (sha256 === before) return before
    // Another that is there has the same bytes.
    await this.store.put({ key: listKey(day, sha256), bytes, sha256, contentType: JSON_TYPE }, 'absent', signal)
    this.keep(sha256, list)
    return sha256
  }

  private keep(sha256: string, list: DayList): DayList {
    this.kept.delete(sha256)
    this.kept.set(sha256, list)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_MAX) break
      this.kept.delete(oldest)
    }
    return list
  }
}

const JSON_TYPE = 'application/json'
