import { useEffect, useState } from 'preact/hooks'

/** A value that changes, and who is told of it. */
export type Store<T> = Readonly<{
  get: () => T
  set: (next: T) => void
  /** Returns what ends the subscription. */
  subscribe: (listener: () => void) => () => void
}>

export const storeOf = <T>(initial: T): Store<T> => {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The value of a store; the component is rendered again when it changes. */
export const useStore = <T>(store: Store<T>): T => {
  const [value, setValue] = useState(store.get)
  useEffect(() => {
    setValue(() => store.get())
    return store.subscribe(() => setValue(() => store.get()))
  }, [store])
  return value
}
