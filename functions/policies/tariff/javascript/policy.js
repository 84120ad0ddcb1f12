// What a leg costs: own mobile customers pay 4.00 CZK a minute without VAT, the whole first minute, then by the second;
// everybody else is rated by their own operator, here as zero.
//
// A policy is one function over values. The clock, randomness and the network are not there: what reaches for them ends
// the call, and the policy that decided before is asked instead. Nothing is kept from one call to the next.

/** Units of an amount in one Czech crown: sixtieths of a thousandth of a heller (wit/policy.wit). */
const PER_CZK = 6_000_000;

/** 4.00 CZK a minute, by the second. A whole number, as all money here: it is exact up to 1.5 billion crowns. */
const PER_SECOND = (4 * PER_CZK) / 60;

/** The whole first minute is billed. */
const BILLED_S_MIN = 60;

/** What a 32-bit integer holds on its way out of QuickJS: 68 years. */
const BILLED_S_MAX = 0x7fff_ffff;

/** The network whose mobile customers are our own. */
const OWN_NETWORK = 'o2-mobile';

/** The interface that this policy exports; `billed-s` of the contract is `billedS` here. */
export const tariff = {
  rate({ network, mobile, durationMs }) {
    if (network !== OWN_NETWORK || !mobile) {
      return { amount: 0, billedS: 0, rule: 'other-network' };
    }
    const seconds = Math.min(Math.ceil(durationMs / 1000), BILLED_S_MAX);
    const billedS = seconds === 0 ? 0 : Math.max(seconds, BILLED_S_MIN);
    return { amount: billedS * PER_SECOND, billedS, rule: 'own-mobile' };
  },
};
