// The sample posts, and how an address or a file leads back to one.

const POST = /(?:https?:\/\/)?(?:www\.)?instagram\.com\/(?:[\w.]+\/)?(?:reel|reels|p|tv)\/([\w-]{11})[^\s]*/i;

let list = [];
let byCode = new Map();
let byAsset = new Map();

export function knowSamples(next) {
  list = next;
  byCode = new Map(next.map((sample) => [sample.code, sample]));
  byAsset = new Map(next.map((sample) => [assetOf(sample.cdn_url), sample]));
}

export const samples = () => list;
export const assetOf = (url) => /[?&]asset_id=(\d+)/.exec(url ?? "")?.[1];
export const sampleOf = (url) => byAsset.get(assetOf(url)) ?? byCode.get(POST.exec(url ?? "")?.[1]);
/** The post that a text names first. */
export const sampleIn = (text) => sampleOf(POST.exec(text ?? "")?.[0]);
