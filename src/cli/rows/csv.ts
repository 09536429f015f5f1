import { csvLine } from '../../app/csv-line.js'
import type { RowColumn, Shown } from './column.js'
import { valueOf } from './figure.js'

/** A quotient has three fields, so that its terms can be added: value, numerator, denominator. */
export const csvHeader = (columns: readonly RowColumn[]): string =>
  csvLine(
    columns.flatMap((column) =>
      column.kind === 'figure' && column.figure.isQuotient
        ? [column.name, `${column.name}.numerator`, `${column.name}.denominator`]
        : [column.name],
    ),
  )

/** Instants are ISO 8601 in UTC, durations milliseconds, shares between 0 and 1. */
export const csvRow = (columns: readonly RowColumn[], shown: Shown): string =>
  csvLine(
    columns.flatMap((column) => {
      if (column.kind === 'text') return [column.value(shown)]
      const terms = column.figure.terms(shown.row)
      const value = terms === undefined ? undefined : valueOf(terms)
      return column.figure.isQuotient ? [value, terms?.numerator, terms?.denominator] : [value]
    }),
  )
