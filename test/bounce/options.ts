import { parseArgs } from 'node:util'

export type BounceOptions = Readonly<{
  seed: number
  /** Rows that the KPI log gets at least. */
  rows: number
  /** How often the egress is killed. */
  kills: number
  brokerKills: number
  /** How often two instances are started together. */
  overlaps: number
  /** How often an instance is stopped in a transaction until another has gone on. */
  zombies: number
}>

const SHORT = { rows: 10_000, kills: 5, brokerKills: 1, overlaps: 1, zombies: 1 }
const FULL = { rows: 100_000, kills: 30, brokerKills: 5, overlaps: 3, zombies: 3 }

export const USAGE = `npm run test:bounce [-- OPTIONS]

Publishes rows to a broker of its own while the egress is killed (SIGKILL), doubled and
put to sleep, and the broker is killed, and compares what a foreign read_committed
consumer sees with the KPI log. Exit code 0: nothing lost, doubled, reordered or altered.
Exit code 1: something was, or the test could not be brought to its end. 2: wrong usage.

  --short           under a minute: ${SHORT.rows.toLocaleString('en-US')} rows, ${SHORT.kills} kills, one of everything else
                    (default: ${FULL.rows.toLocaleString('en-US')} rows, ${FULL.kills} kills, ${FULL.brokerKills} broker kills, ${FULL.overlaps} overlaps, ${FULL.zombies} zombies)
  --rows N          rows of the KPI log, at least
  --rounds N        kills of the egress
  --broker-kills N  kills of the broker
  --seed N          of what is published, and of the moments of the kills (default: the time)
  --json            print the figures as JSON
  --help            print this`

/** Throws an Error that says what is wrong with the arguments. */
export const optionsOf = (
  args: readonly string[],
): Readonly<{ help: boolean; json: boolean; bounce: BounceOptions }> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'broker-kills': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      rows: { type: 'string' },
      seed: { type: 'string' },
      short: { type: 'boolean', default: false },
    },
  })
  const defaults = values.short ? SHORT : FULL
  const number = (name: string, text: string | undefined, otherwise: number, least = 1): number => {
    const value = text === undefined ? otherwise : Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw new Error(`--${name} ${text}: expected a whole number of at least ${least}`)
    return value
  }
  return {
    help: values.help,
    json: values.json,
    bounce: {
      seed: number('seed', values.seed, Date.now() % 1_000_000, 0),
      rows: number('rows', values.rows, defaults.rows),
      kills: number('rounds', values.rounds, defaults.kills),
      brokerKills: number('broker-kills', values['broker-kills'], defaults.brokerKills, 0),
      overlaps: defaults.overlaps,
      zombies: defaults.zombies,
    },
  }
}
