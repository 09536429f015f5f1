import type { ColdStore, SpilledEntries } from '../../src/projections/cells/cold-store.js'

/** A cold store that holds JSON text, the way a disk would: nothing is shared with a fold by accident. */
export const jsonColdStore = (): ColdStore & Readonly<{ put: (spilled: SpilledEntries) => void }> => {
  const texts = new Map<string, string>()
  return {
    put: (spilled) => spilled.forEach(({ key, data }) => texts.set(key, JSON.stringify(data))),
    get: (key) => {
      const text = texts.get(key)
      return text === undefined ? undefined : (JSON.parse(text) as unknown)
    },
    keysAfter: (prefix, after, max) =>
      [...texts.keys()]
        .filter((key) => key.startsWith(prefix) && key > after)
        .sort()
        .slice(0, max),
  }
}
