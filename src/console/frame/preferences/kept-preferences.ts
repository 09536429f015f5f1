import { browserZone, preferencesIn, type Preferences } from './preferences.js'
import { storeOf, type Store } from '../store.js'

const KEY = 'streamvane.preferences'

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
