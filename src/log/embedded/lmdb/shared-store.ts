import type { ChangeSignal } from '../../change-signal.js'
import { openStore, placeOf } from './store.js'
import type { EmbeddedStore } from './store.js'

/**
 * One environment per directory and process, however often it is opened here: LMDB's file locks break if a process
 * opens the file twice.
 */
export type SharedStore = { place: string; store: EmbeddedStore; signals: Set<ChangeSignal>; users: number }

const environments = new Map<string, SharedStore>()
const closings = new Map<string, Promise<void>>()

/** Opens the tables in `dir`, or shares those that are open here. Each call needs one of {@link leaveStore}. */
export const shareStore = async (dir: string, use: 'write' | 'read'): Promise<SharedStore> => {
  await closings.get(placeOf(dir))
  const known = environments.get(placeOf(dir))
  if (known !== undefined) {
    known.users++
    return known
  }
  const store = openStore(dir, use)
  const shared: SharedStore = { place: placeOf(dir), store, signals: new Set(), users: 1 }
  environments.set(shared.place, shared)
  return shared
}

/** Closes the tables when their last user leaves. */
export const leaveStore = async (shared: SharedStore): Promise<void> => {
  if (--shared.users > 0) return
  environments.delete(shared.place)
  const closing = shared.store.env.close().finally(() => closings.delete(shared.place))
  closings.set(shared.place, closing)
  await closing
}
