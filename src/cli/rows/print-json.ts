import { once } from 'node:events'
import { rowJson } from '../../contract/row-json.js'
import type { Row } from '../../domain/row.js'

/** Rows in windows, as they are read. */
export type Rows = AsyncIterable<readonly Row[]>

/** Writes each row as a line of JSON. Answers how many rows there were. */
export const printJson = (rows: Rows): Promise<number> => printEach(rows, (row) => `${JSON.stringify(rowJson(row))}\n`)

/** Writes a text for each row, as quickly as stdout takes them. Answers how many rows there were. */
export const printEach = async (rows: Rows, text: (row: Row) => string | Promise<string>): Promise<number> => {
  let count = 0
  for await (const window of rows) {
    const texts: string[] = []
    for (const row of window) texts.push(await text(row))
    count += window.length
    if (!process.stdout.write(texts.join(''))) await once(process.stdout, 'drain')
  }
  return count
}
