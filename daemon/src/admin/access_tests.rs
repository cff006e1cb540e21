use super::Config;
use super::access::{Access, Peer, Role, User, authorize};

const OWN: u32 = 990;

fn access() -> Access {
    Access::resolve(OWN, &[User::Uid(1000)], &[User::Uid(1001)]).unwrap()
}

#[test]
fn roles_follow_the_configuration() {
    for (uid, role) in [
        (0, Role::Operator),
        (OWN, Role::Operator),
        (1000, Role::Operator),
        (1001, Role::Observer),
        (1002, Role::Stranger),
    ] {
        assert_eq!(access().role(uid), role, "uid {uid}");
    }
}

#[test]
fn refusals_name_the_user_and_the_key() {
    let check = |role, reads_only, key: Option<&str>| {
        let peer = Peer { uid: 424_242, role };
        match (authorize(peer, reads_only), key) {
            (Ok(()), None) => {}
            (Err(refusal), Some(key)) => {
                assert!(refusal.message.contains("uid 424242"), "{refusal:?}");
                assert!(refusal.fix.contains(key), "{refusal:?}");
            }
            (got, want) => panic!("{role:?}, reads only {reads_only}: {got:?}, wanted {want:?}"),
        }
    };
    check(Role::Operator, true, None);
    check(Role::Operator, false, None);
    check(Role::Observer, true, None);
    check(Role::Observer, false, Some("admin.operators"));
    check(Role::Stranger, true, Some("admin.observers"));
    check(Role::Stranger, false, Some("admin.operators"));
}

#[test]
fn names_are_looked_up_and_unknown_ones_are_errors() {
    let root = [User::Name("root".to_owned())];
    assert_eq!(Access::resolve(OWN, &root, &[]).unwrap().role(0), Role::Operator);
    let nobody_by_this_name = [User::Name("no-such-user-here".to_owned())];
    let error = Access::resolve(OWN, &[], &nobody_by_this_name)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("admin.observers") && error.contains("no-such-user-here"),
        "{error}"
    );
}

#[test]
fn the_configuration_takes_names_and_numbers_and_refuses_unknown_keys() {
    let config: Config = toml::from_str("operators = [1000, \"trader\"]").unwrap();
    assert_eq!(
        config.operators,
        [User::Uid(1000), User::Name("trader".to_owned())]
    );
    assert!(toml::from_str::<Config>("operator = [1000]").is_err());
}
