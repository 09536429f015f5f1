import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Answer, Failure } from './answers.js'

/**
 * What a page has asked for. While it is asked for again, and where that fails, the last value stays: `failure` then
 * says that it is old.
 */
export type Asked<T> = Readonly<{
  value: T | undefined
  failure: Failure | undefined
  isLoading: boolean
  reload: () => void
}>

const RETRY_MS = 5_000

/**
 * Asks when the page is shown and whenever `key` changes, and again after a while where no answer came. `ask` is given
 * a signal that aborts when the answer is of no use any more. `key` undefined: nothing is asked for.
 */
export const useAnswer = <T>(key: string | undefined, ask: (signal: AbortSignal) => Promise<Answer<T>>): Asked<T> => {
  const [state, setState] = useState<Omit<Asked<T>, 'reload'>>({
    value: undefined,
    failure: undefined,
    isLoading: true,
  })
  const [turn, setTurn] = useState(0)
  const latest = useRef(ask)
  latest.current = ask
  const asked = useRef(key)
  useEffect(() => {
    if (key === undefined) return setState({ value: undefined, failure: undefined, isLoading: false })
    const gone = new AbortController()
    let retry: ReturnType<typeof setTimeout> | undefined
    const isSame = asked.current === key
    asked.current = key
    setState(({ value }) => ({ value: isSame ? value : undefined, failure: undefined, isLoading: true }))
    void latest.current(gone.signal).then((answer) => {
      if (gone.signal.aborted) return
      setState(({ value }) => ({
        ...{ value: answer.ok ? answer.value : value, failure: answer.ok ? undefined : answer.failure },
        isLoading: false,
      }))
      if (!answer.ok && answer.failure.kind === 'unreachable')
        retry = setTimeout(() => setTurn((before) => before + 1), RETRY_MS)
    })
    return () => {
      gone.abort()
      clearTimeout(retry)
    }
  }, [key, turn])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  return { ...state, reload }
}

/** The present moment, renewed every `everyMs`: for "3 min ago". */
export const useNow = (everyMs = 1_000): number => {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
