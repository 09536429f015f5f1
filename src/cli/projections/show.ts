import { Argument, type Command } from 'commander'
import type { SavedScope } from '../../app/pipeline/generations.js'
import { projectionStatus } from '../../app/operations/generations/generation-status.js'
import { differencesBetween } from '../../app/operations/generations/row-differences.js'
import { chosenGeneration, computedGenerations } from '../../app/operations/computed.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { bytesText } from '../command/figures.js'
import { printDifferences } from './differences-table.js'
import { doneText, jsonOf } from './list.js'

export const showCommand = (): Command =>
  command('show', 'show one generation: its profile, how far it is, and how its rows differ from the live ones', [
    'streamvane projections show g2',
    'streamvane projections show g2 --json | jq .differences',
  ])
    .addArgument(new Argument('[generation]', 'its name (default: the live one)'))
    .option('--json', 'one JSON object')
    .action(async (name: string | undefined, flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      await withContext('projections show', config, async ({ logs }) => {
        const { tenant } = config
        const wanted = name ?? chosenGeneration(await computedGenerations(logs, tenant), undefined, tenant).name
        const { generations, live } = await projectionStatus({ ...config, logs })
        const status = generations.find(({ generation }) => generation.name === wanted)
        if (status === undefined) {
          chosenGeneration(await computedGenerations(logs, tenant), wanted, tenant) // throws, with those that exist
          throw new Error(`generation ${wanted} is not listed`)
        }
        const comparable = live !== undefined && live !== wanted && status.phase !== 'retired'
        const differences = comparable ? await differencesBetween(logs, tenant, live, wanted) : undefined
        if (flags.json === true) {
          console.log(JSON.stringify({ ...jsonOf(status, live), differences: differences ?? null }))
          return EXIT.ok
        }
        const { generation, phase, promoted, retired, bytes, position, head } = status
        const lines: readonly (readonly [string, string | undefined])[] = [
          ['generation', `${wanted}, ${phase}`],
          ['profile', `${generation.profile.id} v${generation.profile.version}`],
          ['points from', generation.profile.points],
          ['only', generation.scoped && scopeText(generation.scoped.scope)],
          ['other rows of', generation.scoped?.base.name],
          ['started', generation.startedAt],
          ['projection version', String(generation.projectionVersion)],
          ['folded', position === undefined ? 'nothing' : `${doneText(status)} (position ${position} of ${head})`],
          ['promoted', promoted === undefined ? undefined : toldText(promoted)],
          ['retired', retired === undefined ? undefined : toldText(retired)],
          ['on disk', bytesText(bytes)],
        ]
        for (const [label, text] of lines) if (text !== undefined) console.log(`${label.padEnd(20)}${text}`)
        if (differences !== undefined) {
          console.log(`\nRows against those of ${live}, as a promotion would publish them:`)
          printDifferences(differences)
        }
        return EXIT.ok
      })
    })

/** The rows of a scope in words. */
const scopeText = ({ families, granularities, from, to, dimensions = {} }: SavedScope): string =>
  [
    ...(families === undefined ? [] : [`families ${families.join(', ')}`]),
    ...(granularities === undefined ? [] : [granularities.join(', ')]),
    ...(from === undefined ? [] : [`from ${new Date(from).toISOString()}`]),
    ...(to === undefined ? [] : [`before ${new Date(to).toISOString()}`]),
    ...Object.entries(dimensions).map(([name, values]) => `${name} ${values.map((value) => value ?? '-').join(', ')}`),
  ].join('; ')

const toldText = ({ at, by, why }: Readonly<{ at: string; by?: string; why?: string }>): string =>
  `${at}${by === undefined ? '' : ` by ${by}`}${why === undefined ? '' : `: ${why}`}`
