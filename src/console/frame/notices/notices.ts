import { storeOf, type Store } from '../store.js'

/** Something to tell a person in passing. `alert` is read out at once, and stays until it is dismissed. */
export type Notice = Readonly<{ id: number; text: string; tone: 'done' | 'alert' }>

export type Notices = Readonly<{
  shown: Store<readonly Notice[]>
  /** Text for screen readers alone. */
  spoken: Store<string>
  tell: (text: string, tone?: Notice['tone']) => void
  dismiss: (id: number) => void
  speak: (text: string) => void
}>

const SHOWN_MS = 6_000
const SHOWN_MAX = 4

export const noticesOf = (): Notices => {
  const shown = storeOf<readonly Notice[]>([])
  const spoken = storeOf('')
  let last = 0
  const dismiss = (id: number): void => shown.set(shown.get().filter((notice) => notice.id !== id))
  return {
    ...{ shown, spoken, dismiss },
    tell: (text, tone = 'done') => {
      const id = ++last
      shown.set([...shown.get(), { id, text, tone }].slice(-SHOWN_MAX))
      if (tone === 'done') setTimeout(() => dismiss(id), SHOWN_MS)
    },
    speak: (text) => spoken.set(text),
  }
}
