import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { SessionView, SignInFailure } from '../../http/console/shapes.js'
import { mayUse, type Access } from './session/access.js'
import { apiOf, type Api } from './asking/api.js'
import type { Answer, Failure } from './asking/answers.js'
import { liveOf, type Live } from './live/live.js'
import { openLettersOf, type OpenLetters } from './trust/open-letters.js'
import { noticesOf, type Notices } from './notices/notices.js'
import { preferencesOf } from './preferences/kept-preferences.js'
import { signInFailureOf } from './session/sign-in-failure.js'
import type { Preferences } from './preferences/preferences.js'
import { storeOf, useStore, type Store } from './store.js'

/** Who is signed in: not known yet, not to be asked (no answer), nobody (and why), or somebody. */
export type Session =
  | Readonly<{ kind: 'asking' }>
  | Readonly<{ kind: 'away'; failure: Failure }>
  | Readonly<{ kind: 'nobody'; because: 'none' | 'code' | 'ended' | 'left' | SignInFailure }>
  | Readonly<{ kind: 'somebody'; view: SessionView }>

/** What every page works with. */
export type Console = Readonly<{
  api: Api
  live: Live
  openLetters: OpenLetters
  notices: Notices
  preferences: Store<Preferences>
  session: Store<Session>
  signIn: (by: Readonly<{ token: string }> | Readonly<{ code: string }>) => Promise<Answer<SessionView>>
  signOut: () => Promise<void>
  /**
   * Signs in by the one-time code of the address if there is one, else goes on with the session that there is. Where a
   * sign-in at the issuer failed, the address says why.
   */
  begin: () => Promise<void>
}>

export const consoleOf = (): Console => {
  const session = storeOf<Session>({ kind: 'asking' })
  let tenant: string | undefined
  const left = (because: 'ended' | 'left'): void => {
    live.stop()
    session.set({ kind: 'nobody', because })
  }
  const api = apiOf(
    () => tenant,
    () => {
      if (session.get().kind === 'somebody') left('ended')
    },
  )
  const live = liveOf(api)
  live.state.subscribe(() => {
    const state = live.state.get()
    if (state.kind === 'ended' && state.because === 'signed-out') left('ended')
  })
  const entered = (view: SessionView): void => {
    tenant = view.tenant
    session.set({ kind: 'somebody', view })
    live.start(view.tenant)
  }
  return {
    ...{ api, live, session },
    openLetters: openLettersOf(api, live.flow),
    notices: noticesOf(),
    preferences: preferencesOf(),
    signIn: async (by) => {
      const answer = await ('code' in by
        ? api.call<SessionView>('POST', '/session', by)
        : api.call<SessionView>('POST', '/session', undefined, { authorization: `Bearer ${by.token}` }))
      if (answer.ok) entered(answer.value)
      return answer
    },
    begin: async () => {
      const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1]
      if (code !== undefined) {
        history.replaceState(null, '', `${location.pathname}${location.search}`)
        const answer = await api.call<SessionView>('POST', '/session', { code })
        if (answer.ok) return entered(answer.value)
      }
      const failure = signInFailureOf(location.search)
      if (failure !== undefined) history.replaceState(null, '', location.pathname)
      const answer = await api.call<SessionView>('GET', '/session')
      if (answer.ok) return entered(answer.value)
      if (answer.failure.kind === 'signed-out')
        session.set({ kind: 'nobody', because: failure ?? (code === undefined ? 'none' : 'code') })
      else session.set({ kind: 'away', failure: answer.failure })
    },
    signOut: async () => {
      await api.call('DELETE', '/session')
      left('left')
    },
  }
}

export const ConsoleContext = createContext<Console | undefined>(undefined)

export const useConsole = (): Console => {
  const found = useContext(ConsoleContext)
  if (found === undefined) throw new Error('useConsole is used outside of the console')
  return found
}

/** Who is signed in; only for what is shown to somebody. */
export const useSession = (): SessionView => {
  const session = useStore(useConsole().session)
  if (session.kind !== 'somebody') throw new Error('useSession is used where nobody is signed in')
  return session.view
}

export const useMay = (access: Access): boolean => mayUse(useSession(), access)

/** The time zone in which instants are shown. */
export const useZone = (): string => useStore(useConsole().preferences).zone
