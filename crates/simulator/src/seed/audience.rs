//! Who the people of a seeded account are, in head counts.

use super::dice::Dice;
use super::shape::{Audience, Counts, Demographics, Frames};

const AGES: [(&str, u64); 7] = [
    ("13-17", 31),
    ("18-24", 248),
    ("25-34", 372),
    ("35-44", 203),
    ("45-54", 89),
    ("55-64", 41),
    ("65+", 16),
];
/// `U`: those who did not say.
const GENDERS: [(&str, u64); 3] = [("F", 571), ("M", 388), ("U", 41)];

/// More than the 45 rows that Meta shows.
const COUNTRIES: [&str; 52] = [
    "BR", "PT", "US", "AR", "MX", "AO", "ES", "CO", "CL", "PE", "UY", "PY", "IT", "FR", "GB", "DE",
    "CA", "MZ", "JP", "BO", "VE", "EC", "CH", "IE", "NL", "AU", "CR", "DO", "GT", "PA", "BE", "CV",
    "IN", "SE", "NO", "PL", "AT", "LU", "DK", "NZ", "FI", "TR", "IL", "ZA", "GR", "RO", "CZ", "HU",
    "ID", "KR", "MA", "AE",
];

const CITIES: [(&str, &str); 50] = [
    ("São Paulo", "São Paulo (state)"),
    ("Rio de Janeiro", "Rio de Janeiro (state)"),
    ("Belo Horizonte", "Minas Gerais"),
    ("Curitiba", "Paraná"),
    ("Salvador", "Bahia"),
    ("Fortaleza", "Ceará"),
    ("Recife", "Pernambuco"),
    ("Porto Alegre", "Rio Grande do Sul"),
    ("Brasília", "Distrito Federal"),
    ("Goiânia", "Goiás"),
    ("Belém", "Pará"),
    ("Manaus", "Amazonas"),
    ("Campinas", "São Paulo (state)"),
    ("Florianópolis", "Santa Catarina"),
    ("Vitória", "Espírito Santo"),
    ("Natal", "Rio Grande do Norte"),
    ("João Pessoa", "Paraíba"),
    ("Maceió", "Alagoas"),
    ("Santos", "São Paulo (state)"),
    ("Niterói", "Rio de Janeiro (state)"),
    ("Guarulhos", "São Paulo (state)"),
    ("Joinville", "Santa Catarina"),
    ("Londrina", "Paraná"),
    ("Uberlândia", "Minas Gerais"),
    ("São Luís", "Maranhão"),
    ("Teresina", "Piauí"),
    ("Campo Grande", "Mato Grosso do Sul"),
    ("Cuiabá", "Mato Grosso"),
    ("Aracaju", "Sergipe"),
    ("Ribeirão Preto", "São Paulo (state)"),
    ("Sorocaba", "São Paulo (state)"),
    ("Juiz de Fora", "Minas Gerais"),
    ("Maringá", "Paraná"),
    ("Caxias do Sul", "Rio Grande do Sul"),
    ("Blumenau", "Santa Catarina"),
    ("Pelotas", "Rio Grande do Sul"),
    ("Olinda", "Pernambuco"),
    ("Lisboa", "Lisboa"),
    ("Porto", "Porto"),
    ("Luanda", "Luanda"),
    ("Buenos Aires", "Ciudad de Buenos Aires"),
    ("Montevideo", "Montevideo"),
    ("Santiago", "Santiago Metropolitan"),
    ("Lima", "Lima Region"),
    ("Madrid", "Comunidad de Madrid"),
    ("Miami", "Florida"),
    ("Boston", "Massachusetts"),
    ("Maputo", "Cidade de Maputo"),
    ("Palmas", "Tocantins"),
    ("Porto Velho", "Rondônia"),
];

/// Followers by hour, in per mille of all, from midnight on.
const HOURS: [u64; 24] = [
    310, 240, 190, 165, 160, 185, 260, 350, 410, 440, 455, 480, 520, 500, 470, 465, 480, 515, 560,
    610, 640, 620, 540, 420,
];

/// The audience of an account with so many followers; `week` and `month` are how many people engaged and
/// were reached in the last 7 and 30 days.
pub(super) fn audience(
    dice: &mut Dice,
    followers: u64,
    engaged: (u64, u64),
    reached: (u64, u64),
) -> Audience {
    let frames = |dice: &mut Dice, (week, month)| Frames {
        this_week: demographics(dice, week),
        this_month: demographics(dice, month),
    };
    Audience {
        // Some followers are known on no axis, so that sums stay below the follower count.
        follower: demographics(dice, followers * 985 / 1_000),
        engaged: frames(dice, engaged),
        reached: frames(dice, reached),
        online_followers: HOURS
            .iter()
            .enumerate()
            .map(|(hour, share)| (hour.to_string(), followers * share / 1_000))
            .collect(),
    }
}

/// Ages and genders first as pairs, so that each alone is their sum.
fn demographics(dice: &mut Dice, people: u64) -> Demographics {
    let mut made = Demographics::default();
    for (age, of_age) in AGES {
        for (gender, of_gender) in GENDERS {
            let share = of_age * of_gender * dice.between(930, 1_070) / 1_000;
            let count = people * share / 1_000_000;
            if count > 0 {
                made.age_gender.insert(format!("{age},{gender}"), count);
                *made.age.entry(age.to_owned()).or_default() += count;
                *made.gender.entry(gender.to_owned()).or_default() += count;
            }
        }
    }
    made.country = falling(
        dice,
        people,
        700,
        COUNTRIES.iter().map(|name| (*name).to_owned()),
    );
    made.city = falling(
        dice,
        people,
        180,
        CITIES
            .iter()
            .map(|(city, state)| format!("{city}, {state}")),
    );
    made
}

/// Few places have most people: the first `first` per mille, each further one a share of what is left.
fn falling(
    dice: &mut Dice,
    people: u64,
    first: u64,
    names: impl Iterator<Item = String>,
) -> Counts {
    let mut left = people;
    let mut counts = Counts::new();
    for (at, name) in names.enumerate() {
        let share = if at == 0 {
            first
        } else {
            dice.between(70, 150)
        };
        let count = left * share / 1_000;
        if count > 0 {
            counts.insert(name, count);
        }
        left -= count;
    }
    counts
}
