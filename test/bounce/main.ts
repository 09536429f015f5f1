/** `npm run test:bounce`: exactly-once into Kafka, while everything is killed. See `--help`. */
import { progressBar } from '../../src/cli/command/progress.js'
import { bounce, type OnStep } from './bounce.js'
import { hasFaults, jsonOf, textOf } from './figures.js'
import { optionsOf, USAGE } from './options.js'
import { Resources } from './resources.js'

const refuse = (cause: unknown): never => {
  console.error(`${(cause as Error).message}\n\n${USAGE}`)
  process.exit(2)
}

const options = (() => {
  try {
    return optionsOf(process.argv.slice(2))
  } catch (cause) {
    return refuse(cause)
  }
})()
if (options.help) {
  console.log(USAGE)
  process.exit(0)
}

const resources = new Resources()
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    console.error('cleaning up')
    isInterrupted = true
    void resources.end().then(() => process.exit(130))
  })

const beganMs = Date.now()
let bar: ReturnType<typeof progressBar> | undefined
const onStep: OnStep = (done, of, what) => {
  const seconds = ((Date.now() - beganMs) / 1_000).toFixed(0)
  if (!process.stderr.isTTY) return console.error(`bounce: ${seconds} s, ${done} of ${of} rounds: ${what}`)
  bar ??= progressBar('rounds', of)
  bar.update(done, what)
}

const { seed } = options.bounce
console.error(`bounce: seed ${seed}`)
try {
  const figures = await bounce(options.bounce, resources, onStep)
  bar?.stop()
  console.log(options.json ? JSON.stringify(jsonOf(figures)) : textOf(figures))
  process.exitCode = hasFaults(figures) ? 1 : 0
} catch (cause) {
  bar?.stop()
  // What is ended on the way out is no failure of the egress.
  if (!isInterrupted)
    console.error(`bounce: failed with seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`)
  process.exitCode = 1
} finally {
  await resources.end()
}
process.exit() // pending waits for rows that never come keep nothing that is of use
