export { sourceContract, type SourceRig } from '../../src/plugin/source-contract.js'
