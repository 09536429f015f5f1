/** A fault of a setting: the keys that lead to it, and how to mend it. */
export type SettingFault = Readonly<{ path: readonly (string | number)[]; message: string }>
