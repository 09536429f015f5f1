import type { Command } from 'commander'
import { defineContract, loadContract, signContract, type Contract } from '../../app/operations/acceptance/contract.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'

type Flags = CommonFlags & WaitFlags & OperatorFlags & Readonly<{ dryRun?: boolean; json?: boolean }>

export const defineCommand = (): Command =>
  withOperator(
    command(
      'define',
      'store a contract of acceptance: tolerances, period and who signs it; again under the same name: a new version',
      [
        'streamvane acceptance define go-live.yaml --dry-run',
        'streamvane acceptance define go-live.yaml --why "as agreed on 3 March"',
      ],
    ),
  )
    .argument('<file>', 'the contract, YAML or JSON (docs/acceptance.md)')
    .option(...WAIT)
    .option('--dry-run', 'check the file, and store nothing')
    .option('--json', 'the contract as it is stored')
    .action(async (file: string, flags: Flags) => {
      const config = await configOf(flags)
      const contract: Contract = loadContract(file)
      const operation = { operation: 'acceptance define', details: { file, contract: contract.name } }
      await withContext(waiting('acceptance define', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          if (flags.dryRun === true) {
            console.log(flags.json === true ? JSON.stringify(contract, null, 2) : `${contract.name} is as it must be`)
            return EXIT.ok
          }
          const said = { ...operatorOf(flags), at: new Date().toISOString() }
          const defined = await defineContract(context.logs, config.tenant, contract, said)
          note({ summary: { contract: contract.name, version: defined.version } })
          if (flags.json === true) console.log(JSON.stringify(defined, null, 2))
          else
            console.log(
              `${contract.name} version ${defined.version} is stored; signatures of earlier versions do not count for it`,
            )
          return EXIT.ok
        }),
      )
    })

export const signCommand = (): Command =>
  withOperator(
    command('sign', 'sign the last version of a contract', [
      'streamvane acceptance sign --contract go-live --by ana@example.org --why "checked with the operations lead"',
    ]),
  )
    .requiredOption('--contract <name>', 'which contract')
    .option(...WAIT)
    .option('--json', 'the contract as it stands now')
    .action(async (flags: Flags & Readonly<{ contract: string }>) => {
      const config = await configOf(flags)
      const operation = { operation: 'acceptance sign', details: { contract: flags.contract } }
      await withContext(waiting('acceptance sign', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const said = { ...operatorOf(flags), at: new Date().toISOString() }
          const signed = await signContract(context.logs, config.tenant, flags.contract, said)
          note({ summary: { contract: flags.contract, version: signed.version } })
          if (flags.json === true) console.log(JSON.stringify(signed, null, 2))
          else
            console.log(
              `${flags.contract} version ${signed.version} is signed by ${signed.signatures.map(({ by }) => by).join(', ')}`,
            )
          return EXIT.ok
        }),
      )
    })
