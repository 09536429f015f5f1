import type { Flow, LiveReload, LiveRows } from '../../../http/console/shapes.js'
import type { Api, Query } from '../asking/api.js'
import { EventReader, type StreamEvent } from '../asking/event-stream.js'
import { nextLive, SILENCE_MAX_MS, startOfLive, type LiveEvent, type LiveState } from './live-state.js'
import { storeOf, type Store } from '../store.js'

/** What a page is told of rows: those that were published since, or that it must read all of them again. */
export type RowsListener = Readonly<{
  onRows: (rows: LiveRows) => void
  onReload: (reload: LiveReload) => void
}>

/**
 * The one live connection of the console. `flow` is the last that was heard; where `state` is not *live*, it is old.
 */
export type Live = Readonly<{
  state: Store<LiveState>
  flow: Store<Flow | undefined>
  /** Asks for the rows of a query (`rows`: a family, `granularity`, `from`, `to`). Returns what ends it. */
  watchRows: (query: Query, listener: RowsListener) => () => void
  start: (tenant: string) => void
  stop: () => void
  /** Connects now, whatever is waited for. */
  again: () => void
}>

type Watched = Readonly<{ query: Query; listener: RowsListener }>

/** The live connection in a browser: one stream at a time, opened anew whenever it is lost or asked for something else. */
export const liveOf = (api: Api): Live => {
  const state = storeOf<LiveState>(startOfLive)
  const flow = storeOf<Flow | undefined>(undefined)
  let tenant: string | undefined
  let watched: Watched | undefined
  let lastId: string | undefined
  let connection = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  const happened = (event: LiveEvent): void => {
    if (tenant === undefined) return
    const before = state.get()
    const next = nextLive(before, event, Date.now(), Math.random())
    if (next === before) return
    state.set(next)
    entered(next, before.kind === next.kind)
  }

  const entered = (next: LiveState, isSame: boolean): void => {
    clearTimeout(timer)
    switch (next.kind) {
      case 'connecting':
        connection.abort()
        connection = new AbortController()
        void connected(connection.signal)
        return
      case 'live':
        timer = setTimeout(() => happened('lost'), SILENCE_MAX_MS)
        return
      case 'waiting':
        connection.abort()
        timer = setTimeout(() => happened('due'), next.retryAt - Date.now())
        return
      case 'offline':
      case 'hidden':
      case 'ended':
        if (!isSame) connection.abort()
    }
  }

  const connected = async (signal: AbortSignal): Promise<void> => {
    // An event of a connection that was given up says nothing of the one that came after it.
    const told = (event: LiveEvent): void => {
      if (!signal.aborted) happened(event)
    }
    const query = new URLSearchParams(
      Object.entries(watched?.query ?? {}).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]])),
    ).toString()
    const path = `/tenants/${encodeURIComponent(tenant ?? '')}/live${query === '' ? '' : `?${query}`}`
    const answer = await api.events(path, lastId === undefined ? {} : { 'last-event-id': lastId }, signal)
    if (!answer.ok) {
      const { kind } = answer.failure
      const refuses = kind === 'problem' && (answer.failure.problem.status ?? 500) < 500
      return told(kind === 'signed-out' ? 'signed-out' : refuses ? 'refused' : 'lost')
    }
    told('opened')
    try {
      const reader = new EventReader(lastId)
      const pieces = answer.value.body?.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const piece = await pieces?.read()
        if (piece === undefined || piece.done || signal.aborted) break
        told('heard')
        for (const event of reader.read(piece.value)) heard(event)
      }
    } catch {
      // The connection broke off in the middle.
    }
    told('lost')
  }

  const heard = ({ event, data, id }: StreamEvent): void => {
    if (id !== undefined) lastId = id
    if (event === 'flow') flow.set(JSON.parse(data) as Flow)
    if (event === 'rows') watched?.listener.onRows(JSON.parse(data) as LiveRows)
    if (event === 'reload') watched?.listener.onReload(JSON.parse(data) as LiveReload)
  }

  const watch = (next: Watched | undefined): void => {
    watched = next
    lastId = undefined
    happened('start')
  }

  addEventListener('offline', () => happened('offline'))
  addEventListener('online', () => happened('online'))
  document.addEventListener('visibilitychange', () => happened(document.hidden ? 'hidden' : 'shown'))

  return {
    ...{ state, flow },
    watchRows: (query, listener) => {
      const mine = { query, listener }
      watch(mine)
      return () => {
        if (watched === mine) watch(undefined)
      }
    },
    start: (of) => {
      tenant = of
      watch(undefined)
    },
    again: () => happened('start'),
    stop: () => {
      tenant = undefined
      clearTimeout(timer)
      connection.abort()
      flow.set(undefined)
    },
  }
}
