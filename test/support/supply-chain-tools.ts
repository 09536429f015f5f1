import { describe } from 'vitest'
import { supplyChainTools } from '../../dev/supply-chain/tools.mjs'
import { without } from './kafka.js'

type Tools = NonNullable<Awaited<ReturnType<typeof supplyChainTools>>>

const tools = await supplyChainTools()

/** The suite runs with the tools of the supply chain; where they are not in the cache, it is skipped and says so. */
export const describeSupplyChain = (name: string, suite: (tools: Tools) => void): void => {
  if (tools !== undefined) describe(name, () => suite(tools))
  else
    without(
      name,
      'node dev/supply-chain/tools.mjs gets actionlint, gitleaks, zizmor and the schema of Renovate',
      process.env['STREAMVANE_REQUIRE_SUPPLY_CHAIN_TOOLS'] === '1',
    )
}
