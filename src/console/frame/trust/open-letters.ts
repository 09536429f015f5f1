import type { Flow } from '../../../http/console/shapes.js'
import type { Api } from '../asking/api.js'
import { storeOf, type Store } from '../store.js'

/** Dead letters by day, reason, stage and state: `GET …/dead-letter-counts`. */
export type LetterCount = Readonly<{
  reason: string
  stage: string
  day: string
  state: 'open' | 'retried' | 'discarded'
  letters: number
  events: number
}>

/** How many dead letters are open. Asked for whenever the flow says that there are more, and when one was decided on. */
export type OpenLetters = Readonly<{ count: Store<number | undefined>; refresh: () => void }>

export const openLettersOf = (api: Api, flow: Store<Flow | undefined>): OpenLetters => {
  const count = storeOf<number | undefined>(undefined)
  let seen: number | undefined
  const refresh = (): void =>
    void api.list<LetterCount>('/dead-letter-counts', { state: 'open' }).then((answer) => {
      if (answer.ok) count.set(answer.value.items.reduce((sum, { letters }) => sum + letters, 0))
    })
  flow.subscribe(() => {
    const now = flow.get()?.deadLetters
    if (now === seen) return
    seen = now
    if (now === undefined || now === 0) count.set(now)
    else refresh()
  })
  return { count, refresh }
}
