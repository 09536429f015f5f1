/** Writes batches to a folder until `last`, saying each on stdout; started and killed by the test. */
import * as E from 'fp-ts/lib/Either.js'
import { filesSink } from '../../../src/egress/files/sink.js'
import { batchAt } from '../batches.js'

const [folder = '', last = '0'] = process.argv.slice(2)
const signal = new AbortController().signal
const sink = filesSink({ folder, tenant: 'acme' })
const progress = await sink.connect(signal)()
if (E.isLeft(progress)) throw new Error(JSON.stringify(progress.left))
for (let n = (progress.right?.revision ?? 0) / 10 + 1; n <= Number(last); n++) {
  const written = await sink.write(batchAt(n), signal)()
  if (E.isLeft(written)) throw new Error(JSON.stringify(written.left))
  console.log(n)
}
await sink.close()
