const MOST_TRIES = 400;

/** The fewest bytes that still have the signature, as far as leaving out pieces finds them. */
export async function minimized(bytes, signatureOf, signature, mostTries = MOST_TRIES) {
  let least = Buffer.from(bytes);
  let tries = 0;
  const keeps = async (candidate) => {
    tries += 1;
    return (await signatureOf(candidate)) === signature;
  };
  for (let piece = Math.ceil(least.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < least.length && tries < mostTries; ) {
      const candidate = Buffer.concat([least.subarray(0, at), least.subarray(at + piece)]);
      if (await keeps(candidate)) least = candidate;
      else at += piece;
    }
  }
  return least;
}
