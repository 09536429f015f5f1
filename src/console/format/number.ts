const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 })
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

/** What stands where a value is not known. */
export const NONE = '–'

/** A count with its thousands apart: `12,345`. */
export const count = (value: number | null | undefined): string => (value == null ? NONE : whole.format(value))

/** A count where there is little room: `12.3k`. Below ten thousand it is exact. */
export const compact = (value: number | null | undefined): string => {
  if (value == null) return NONE
  // Unicode's data of some versions write `K`.
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value).replace('K', 'k')
}

/** How many a second: `0/s`, `0.4/s`, `1,250/s`. */
export const rate = (perS: number | null | undefined): string =>
  perS == null ? NONE : `${(Math.abs(perS) < 10 ? fine : whole).format(perS)}/s`

/** A part of one: `0.873` is `87.3 %`. */
export const percent = (part: number | null | undefined): string =>
  part == null ? NONE : `${fine.format(part * 100)} %`

/** How much there is of something, with its noun in the right number: `1 event`, `3 events`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes in the largest binary unit: `1.5 MiB`. */
export const bytes = (value: number | null | undefined): string => {
  if (value == null) return NONE
  const step = value < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(value) / 10))
  return `${(step === 0 ? whole : fine).format(value / 1024 ** step)} ${BYTES[step] as string}`
}
