import { isZone } from '../format/instant.js'
import { storeOf, type Store } from './store.js'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** What a person has chosen in this browser. `zone`: instants are shown in it. */
export type Preferences = Readonly<{ theme: Theme; zone: string }>

const KEY = 'streamvane.preferences'

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Preferences from what was stored; what cannot be used is as if nothing had been chosen. */
export const preferencesIn = (stored: string | null, ownZone: string): Preferences => {
  const standard: Preferences = { theme: 'system', zone: ownZone }
  try {
    const { theme, zone } = JSON.parse(stored ?? '{}') as Partial<Record<keyof Preferences, unknown>>
    return {
      theme: themes.find((each) => each === theme) ?? standard.theme,
      zone: typeof zone === 'string' && isZone(zone) ? zone : standard.zone,
    }
  } catch {
    return standard
  }
}

const stored = (): string | null => {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null // a browser that stores nothing for this site
  }
}

/** The preferences of this browser; kept there when they change, and the theme set on the page. */
export const preferencesOf = (): Store<Preferences> => {
  const store = storeOf(preferencesIn(stored(), browserZone()))
  const apply = (): void => {
    const { theme } = store.get()
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  }
  store.subscribe(() => {
    apply()
    try {
      localStorage.setItem(KEY, JSON.stringify(store.get()))
    } catch {
      // Then they last as long as the page.
    }
  })
  apply()
  return store
}
