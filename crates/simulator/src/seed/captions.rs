//! What a Brazilian kitchen-and-travel account writes under its posts.

use super::dice::Dice;

const OPENERS: [&str; 24] = [
    "Domingo com cheiro de bolo de fubá 🌽",
    "Ninguém me avisou que era tão fácil 😅",
    "A receita que minha avó nunca escreveu",
    "Café coado, janela aberta e nada pra fazer ☕",
    "Testei por uma semana e conto tudo aqui",
    "Feira de sábado rendeu 🍅🥭",
    "Três ingredientes. Só três.",
    "Vocês pediram, então lá vai",
    "Erro número 1 de quem começa a assar pão",
    "Pôr do sol em Floripa, sem filtro nenhum 🌅",
    "Quem mais ama pão de queijo quentinho?",
    "Bastidores da gravação de hoje 🎬",
    "Moqueca capixaba ou baiana? Sejam honestos",
    "Segunda-feira pede marmita bonita",
    "Sunday slow cooking, no rush at all",
    "Salva esse post para a próxima viagem ✈️",
    "Aprendi isso com uma feirante em Recife",
    "Brigadeiro de colher: a prova final",
    "Nem todo dia dá certo, e tudo bem 💛",
    "How we pack for three weeks with one bag",
    "Chuva lá fora, sopa aqui dentro 🍲",
    "Antes e depois da varanda 🌿",
    "O tempero secreto é paciência",
    "Small kitchen, big lunch",
];

const BODIES: [&str; 14] = [
    "O passo a passo completo está no vídeo; qualquer dúvida, me conta nos comentários.",
    "Marca aquela pessoa que precisa ver isso hoje.",
    "Anota aí: 200 g de farinha, 150 ml de leite, uma pitada de sal e fé.",
    "Não é publi, é só amor mesmo.",
    "Se fizer, me manda foto! Reposto as mais bonitas nos stories.",
    "Full recipe in the carousel, swipe to the last picture.",
    "Qual vocês querem ver na semana que vem?",
    "Deixa descansar uma hora. Sério. Uma hora.",
    "Gravado com o celular, em uma tarde, sem roteiro.",
    "O endereço está na bio, e o café de lá vale a parada.",
    "Me conta: time doce ou time salgado?",
    "Fiz, errei, fiz de novo. A terceira ficou assim.",
    "Saved you a seat at the table ❤️",
    "Parte 2 amanhã, ativa o sininho 🔔",
];

const TAGS: [&str; 16] = [
    "#receita",
    "#cozinhabrasileira",
    "#comidadeverdade",
    "#viagem",
    "#paocaseiro",
    "#cafedamanha",
    "#feiralivre",
    "#nordeste",
    "#saopaulo",
    "#dicas",
    "#vidasimples",
    "#reelsbrasil",
    "#homemade",
    "#slowfood",
    "#sobremesa",
    "#varanda",
];

/// A caption, or none: some people post without a word.
pub(super) fn caption(dice: &mut Dice) -> Option<String> {
    if dice.chance(55) {
        return None;
    }
    let mut text = (*dice.pick(&OPENERS)?).to_owned();
    if dice.chance(720) {
        text.push_str("\n\n");
        text.push_str(dice.pick(&BODIES)?);
    }
    let mut used: Vec<&str> = Vec::new();
    for _ in 0..dice.between(0, 5) {
        let tag = *dice.pick(&TAGS)?;
        if !used.contains(&tag) {
            text.push_str(if used.is_empty() { "\n" } else { " " });
            text.push_str(tag);
            used.push(tag);
        }
    }
    Some(text)
}
