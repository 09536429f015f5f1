import { isZone } from '../../format/instant.js'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** What a person has chosen in this browser. `zone`: instants are shown in it. */
export type Preferences = Readonly<{ theme: Theme; zone: string }>

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
