import type { FigureItem } from './answers.js'
import { numberOf } from './figure-value.js'

export type CsvOf = Readonly<{
  dimensions: readonly string[]
  /** What Genesys calls the value of a dimension. */
  nameOf: (dimension: string, value: string) => string | undefined
  /** Of the items, in their order. */
  columns: readonly string[]
  /** What is written of them. */
  shown: readonly string[]
}>

/**
 * What is seen as CSV after RFC 4180: instants in UTC, times in ms, shares from 0 to 1, and beside a dimension with
 * names its name. Ratios are written with their terms, because an average of averages says nothing.
 */
export const csvOf = (items: readonly FigureItem[], { dimensions, nameOf, columns, shown }: CsvOf): string => {
  const named = dimensions.map((name, place) =>
    items.some(({ dimensions: own }) => nameOf(name, own[place] ?? '') !== undefined),
  )
  const places = shown.map((name) => columns.indexOf(name))
  const isRatio = places.map((place) => items.some(({ values }) => Array.isArray(values[place])))
  const head = [
    ...['intervalStart', 'intervalEnd'],
    ...dimensions.flatMap((name, place) => (named[place] === true ? [name, `${name}Name`] : [name])),
    ...['status', 'corrections', 'revision'],
    ...shown.flatMap((name, at) =>
      isRatio[at] === true ? [name, `${name}.numerator`, `${name}.denominator`] : [name],
    ),
  ]
  const lines = items.map((item) => [
    ...[item.intervalStart, item.intervalEnd],
    ...item.dimensions.flatMap((value, place) =>
      named[place] === true ? [value, nameOf(dimensions[place] ?? '', value ?? '')] : [value],
    ),
    ...[item.status, item.corrections.join(' '), item.revision],
    ...places.flatMap((place, at) => {
      const value = item.values[place] ?? null
      if (isRatio[at] !== true) return [numberOf(value)]
      return [numberOf(value), ...(Array.isArray(value) ? (value as readonly number[]) : [null, null])]
    }),
  ])
  return [head, ...lines].map((fields) => `${fields.map(field).join(',')}\r\n`).join('')
}

/** A text that a spreadsheet would take for a formula is written as the text that it is. */
const field = (value: string | number | null | undefined): string => {
  if (value == null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
