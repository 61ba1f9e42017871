//! A Whisper model file made by hand: a few megabytes, no training, and it says exactly what we tell it to. With it the
//! whole embedded engine is tested through its real code without downloading anything. Zero weights everywhere, except
//! that the decoder's positions each point at the next token: token `k` is embedded along two axes, position `p` points
//! along those of the token that shall follow.

/// Sizes of the smallest Whisper that its loaders accept.
const VOCAB: i32 = 51_865;
const AUDIO_CTX: i32 = 1_500;
const TEXT_CTX: i32 = 448;
const STATE: i32 = 16;
const HEADS: i32 = 2;
const MELS: i32 = 80;
const EOT: u32 = 50_257;
const TIME_ZERO: u32 = 50_364;
const PORTUGUESE: u32 = 50_259 + 8;
/// Ids below a few hundred are swallowed by the decoder's own suppression lists.
const FIRST_WORD: u32 = 1_000;

/// A model that hears `words` in every window.
pub fn scripted(words: &[&str]) -> Vec<u8> {
    let mut file = Vec::new();
    int(&mut file, 0x6767_6d6c);
    for value in [
        VOCAB, AUDIO_CTX, STATE, HEADS, 1, TEXT_CTX, STATE, HEADS, 1, MELS, 1,
    ] {
        int(&mut file, value);
    }
    // Mel filters.
    int(&mut file, MELS);
    int(&mut file, 201);
    file.extend(std::iter::repeat_n(0_u8, 80 * 201 * 4));
    // Vocabulary: everything is a placeholder but the words, a blank and the end.
    let vocabulary: Vec<String> = (0..50_257_u32)
        .map(|id| match id {
            220 => " ".to_owned(),
            _ => word_at(words, id).map_or_else(|| format!("<{id}>"), |word| format!(" {word}")),
        })
        .collect();
    int(&mut file, i32::try_from(vocabulary.len()).unwrap());
    for token in &vocabulary {
        int(&mut file, i32::try_from(token.len()).unwrap());
        file.extend_from_slice(token.as_bytes());
    }
    tensors(&mut file, words.len());
    file
}

fn word_at(words: &[&str], id: u32) -> Option<String> {
    let index = usize::try_from(id.checked_sub(FIRST_WORD)?).ok()?;
    words.get(index).map(|word| (*word).to_owned())
}

fn int(file: &mut Vec<u8>, value: i32) {
    file.extend_from_slice(&value.to_le_bytes());
}

/// What a tensor holds.
enum Fill {
    Zeros16,
    Zeros32,
    Ones32,
    Values32(Vec<f32>),
    Values16(Vec<f32>),
}

fn tensor(file: &mut Vec<u8>, name: &str, shape: &[i32], fill: &Fill) {
    let half = matches!(fill, Fill::Zeros16 | Fill::Values16(_));
    int(file, i32::try_from(shape.len()).unwrap());
    int(file, i32::try_from(name.len()).unwrap());
    int(file, i32::from(half));
    for dimension in shape.iter().rev() {
        int(file, *dimension);
    }
    file.extend_from_slice(name.as_bytes());
    let count = usize::try_from(shape.iter().product::<i32>()).unwrap();
    match fill {
        Fill::Zeros16 => file.extend(std::iter::repeat_n(0_u8, count * 2)),
        Fill::Zeros32 => file.extend(std::iter::repeat_n(0_u8, count * 4)),
        Fill::Ones32 => (0..count).for_each(|_| file.extend_from_slice(&1.0_f32.to_le_bytes())),
        Fill::Values32(values) => {
            assert_eq!(values.len(), count, "{name}");
            values
                .iter()
                .for_each(|v| file.extend_from_slice(&v.to_le_bytes()));
        }
        Fill::Values16(values) => {
            assert_eq!(values.len(), count, "{name}");
            values
                .iter()
                .for_each(|v| file.extend_from_slice(&half_float(*v).to_le_bytes()));
        }
    }
}

/// Half floats of the few values that are used here: zero and small whole numbers.
fn half_float(value: f32) -> u16 {
    let bits = value.to_bits();
    if bits & 0x7fff_ffff == 0 {
        return 0;
    }
    let sign = (bits >> 16) & 0x8000;
    let exponent = ((bits >> 23) & 0xff) - 127 + 15;
    u16::try_from(sign | (exponent << 10) | ((bits >> 13) & 0x3ff)).unwrap()
}

/// The two axes of a token and their weights: enough different directions for the few tokens that matter.
fn axes(script: &[u32], token: u32) -> Option<(usize, usize)> {
    let k = script.iter().position(|t| *t == token)?;
    // Pairs (a, b), a != b, of 16 axes: up to 240 directions that no two tokens share.
    let a = k % 16;
    let b = (a + 1 + k / 16) % 16;
    Some((a, b))
}

fn tensors(file: &mut Vec<u8>, words: usize) {
    let words = u32::try_from(words).unwrap();
    let mut script: Vec<u32> = vec![PORTUGUESE, TIME_ZERO, EOT];
    script.extend((0..words).map(|i| FIRST_WORD + i));
    let n = |value: i32| usize::try_from(value).unwrap();
    let mut embedding = vec![0.0_f32; n(VOCAB * STATE)];
    for token in &script {
        let (a, b) = axes(&script, *token).unwrap();
        let row = usize::try_from(*token).unwrap() * n(STATE);
        embedding[row + a] = 6.0;
        embedding[row + b] = -6.0;
    }
    // Position 0 holds the start token and is followed by the language; 1 and 2 hold language and task.
    let mut next: Vec<u32> = vec![PORTUGUESE, TIME_ZERO, TIME_ZERO];
    next.extend((0..words).map(|i| FIRST_WORD + i));
    let mut positions = vec![0.0_f32; n(TEXT_CTX * STATE)];
    for p in 0..n(TEXT_CTX) {
        let (a, b) = axes(&script, next.get(p).copied().unwrap_or(EOT)).unwrap();
        positions[p * n(STATE) + a] = 30.0;
        positions[p * n(STATE) + b] = -30.0;
    }
    tensor(
        file,
        "encoder.positional_embedding",
        &[AUDIO_CTX, STATE],
        &Fill::Zeros32,
    );
    tensor(
        file,
        "encoder.conv1.weight",
        &[STATE, MELS, 3],
        &Fill::Zeros16,
    );
    tensor(file, "encoder.conv1.bias", &[STATE, 1], &Fill::Zeros32);
    tensor(
        file,
        "encoder.conv2.weight",
        &[STATE, STATE, 3],
        &Fill::Zeros16,
    );
    tensor(file, "encoder.conv2.bias", &[STATE, 1], &Fill::Zeros32);
    norm(file, "encoder.ln_post");
    tensor(
        file,
        "decoder.positional_embedding",
        &[TEXT_CTX, STATE],
        &Fill::Values32(positions),
    );
    tensor(
        file,
        "decoder.token_embedding.weight",
        &[VOCAB, STATE],
        &Fill::Values16(embedding),
    );
    norm(file, "decoder.ln");
    block(file, "encoder.blocks.0", false);
    block(file, "decoder.blocks.0", true);
}

fn norm(file: &mut Vec<u8>, name: &str) {
    tensor(file, &format!("{name}.weight"), &[STATE], &Fill::Ones32);
    tensor(file, &format!("{name}.bias"), &[STATE], &Fill::Zeros32);
}

fn linear(file: &mut Vec<u8>, name: &str, out: i32, input: i32, bias: bool) {
    tensor(
        file,
        &format!("{name}.weight"),
        &[out, input],
        &Fill::Zeros16,
    );
    if bias {
        tensor(file, &format!("{name}.bias"), &[out], &Fill::Zeros32);
    }
}

fn block(file: &mut Vec<u8>, name: &str, cross: bool) {
    let attention = |file: &mut Vec<u8>, name: &str| {
        linear(file, &format!("{name}.query"), STATE, STATE, true);
        // Keys have no bias in Whisper.
        linear(file, &format!("{name}.key"), STATE, STATE, false);
        linear(file, &format!("{name}.value"), STATE, STATE, true);
        linear(file, &format!("{name}.out"), STATE, STATE, true);
    };
    norm(file, &format!("{name}.mlp_ln"));
    linear(file, &format!("{name}.mlp.0"), 4 * STATE, STATE, true);
    linear(file, &format!("{name}.mlp.2"), STATE, 4 * STATE, true);
    norm(file, &format!("{name}.attn_ln"));
    attention(file, &format!("{name}.attn"));
    if cross {
        norm(file, &format!("{name}.cross_attn_ln"));
        attention(file, &format!("{name}.cross_attn"));
    }
}

/// Bytes before the first tensor: a file cut here has everything but weights.
pub fn header_length(words: &[&str]) -> usize {
    let whole = scripted(words);
    let name = b"encoder.positional_embedding";
    let at = whole.windows(name.len()).position(|w| w == name).unwrap();
    // Dimensions, name length, type and two sizes stand before the name.
    at - 5 * 4
}
