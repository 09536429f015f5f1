import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { loadProfile } from '../../app/config/load.js'
import { logStatusOf } from '../../app/operations/imports/import-configuration.js'
import { ifThere } from '../../log/if-there.js'
import { profileInForce, publishedProfiles, withStructureOf } from '../../app/operations/imports/publish-profile.js'
import { hasPassed } from '../../app/operations/profile-test/run-tests.js'
import { assertTestsOf, makePromotion } from '../../app/operations/promotion/make-promotion.js'
import { digestOf, nameOf } from '../../app/operations/promotion/promotion.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { countText } from '../command/figures.js'
import { operatorOf, recordedAfter, withOperator, type OperatorFlags } from '../command/operator.js'
import { instantOf } from '../command/option-values.js'
import { ranTests, readTestFiles } from '../profile-test.js'
import { version } from '../version.js'
import { diffOf } from '../what-if/before-change.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{ against: string; out: string; from?: string; to?: string; dryRun?: boolean }>

export const promoteCommand = (): Command =>
  withOperator(
    command('promote', 'test the KPI profile in force, and write it to a file that another environment publishes', [
      'streamvane config promote contract.test.yaml --against prod-profile.yaml --out promotion.json',
      'streamvane config promote *.test.yaml --against prod.yaml --from 2026-03-02 --to 2026-03-03 --out p.json',
    ]),
  )
    .argument('<file...>', 'files of tests of this profile (docs/profile-tests.md)')
    .requiredOption('--against <file>', 'what `streamvane profile show` prints in the environment that it goes to')
    .requiredOption('--out <file>', 'the promotion, for `streamvane profile publish --promotion` there')
    .option('--from <instant>', 'also say what the profile changes here in the intervals that start then or later, and')
    .option('--to <instant>', 'before then')
    .option('--dry-run', 'test and compare, and write nothing')
    .action(async (files: string[], flags: Flags) => {
      const config = await configOf(flags)
      const [diffFrom, diffTo] = [flags.from, flags.to]
      if (instantOf('--from', diffFrom) === undefined && instantOf('--to', diffTo) !== undefined)
        throw new UsageError('--to needs --from')
      const against = loadProfile(flags.against)
      const tests = readTestFiles(files)
      const operation = { operation: 'config promote', details: { tests: files, out: flags.out } }
      await withContext('config promote', config, (context) =>
        recordedAfter(context, flags, operation, async (note) => {
          const { profile, generation } = await inForce(context)
          assertTestsOf(tests, profile)
          const outcomes = await ranTests(tests, { explain: true })
          if (!outcomes.every((each) => each.tests.every(hasPassed))) {
            console.error('a test failed: no promotion was written')
            return EXIT.differences
          }
          const ranged = { ...(diffFrom !== undefined && { diffFrom }), ...(diffTo !== undefined && { diffTo }) }
          const diff =
            diffFrom === undefined
              ? undefined
              : await diffOf(context, ranged, (own) => ({ profile: withStructureOf(own, against) }))
          const promotion = makePromotion({
            ...{ profile, against, outcomes, whatIf: diff?.whatIf, from: { tenant: config.tenant, generation } },
            made: { at: new Date().toISOString(), by: operatorOf(flags).by, program: version() },
          })
          if (flags.dryRun !== true) await writeFile(flags.out, `${JSON.stringify(promotion, null, 2)}\n`)
          const [promoted, target] = [digestOf(profile), digestOf(against)]
          note({ summary: { profile: promoted, against: target, seal: promotion.seal } })
          const count = promotion.tests.reduce((sum, { results }) => sum + results.length, 0)
          console.error(
            `${nameOf(promoted)} passed ${countText(count)} ${count === 1 ? 'test' : 'tests'}; the promotion ${flags.dryRun === true ? 'would be' : 'is'} in ${flags.out}, against ${nameOf(target)}`,
          )
          return EXIT.ok
        }),
      )
    })

/** The profile in force now, and the live generation; that of the configuration where nothing was computed. */
const inForce = async ({ config, logs }: Context) => {
  const raw = await ifThere(() => logs.raw('reader'))
  const status = await logStatusOf(logs, raw, config.tenant)
  const published = raw === undefined ? [] : await publishedProfiles(raw, config.tenant)
  return {
    profile: profileInForce(published, status, config.profile, Date.now()),
    generation: status.live?.name ?? null,
  }
}
