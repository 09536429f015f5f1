/** Publishes batches until `last`, naming each on stdout before it is written; started and killed by the test. */
import * as E from 'fp-ts/lib/Either.js'
import { kafkaSink } from '../../../src/egress/kafka/sink.js'
import { manyRowsAt } from '../batches.js'
import { namedTopics } from '../named-topics.js'

const [brokers = '', prefix = '', last = '0'] = process.argv.slice(2)
const signal = new AbortController().signal
const sink = kafkaSink({ brokers: [brokers], tenant: 'acme', ...namedTopics(prefix), values: { format: 'json' } })
const progress = await sink.connect(signal)()
if (E.isLeft(progress))
  throw new Error(
    `connect: ${JSON.stringify(progress.left)} ${String('cause' in progress.left && progress.left.cause)}`,
  )
for (let n = (progress.right?.revision ?? 0) / 10 + 1; n <= Number(last); n++) {
  console.log(n)
  const written = await sink.write(manyRowsAt(n), signal)()
  if (E.isLeft(written))
    throw new Error(`write: ${JSON.stringify(written.left)} ${String('cause' in written.left && written.left.cause)}`)
}
await sink.close()
