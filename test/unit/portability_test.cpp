#include "portability.h"

#include <gtest/gtest.h>

#include <map>

namespace airlift {
namespace {

using Types = std::map<TypeOid, TypeFacts>;

bool LookUp(void* context, TypeOid type, TypeFacts* facts) {
  const auto* types = static_cast<const Types*>(context);
  const auto found = types->find(type);
  if (found == types->end()) return false;
  *facts = found->second;
  return true;
}

constexpr TypeOid kInt4 = 23, kInt4Array = 1007, kRegclass = 2205, kRegclassArray = 2210;
constexpr TypeOid kUser = 16384;

TypeFacts Base(bool has_send = true) { return {'b', has_send, false, 0, 0, 0}; }
TypeFacts Array(TypeOid element) { return {'b', true, true, element, 0, 0}; }
TypeFacts Domain(TypeOid base) { return {'d', true, false, 0, base, 0}; }
TypeFacts Range(TypeOid subtype, char kind = 'r') { return {kind, true, false, 0, 0, subtype}; }

bool Portable(TypeOid type, Types types) {
  types.insert({{kInt4, Base()}, {kInt4Array, Array(kInt4)}, {kRegclass, Base()}, {kRegclassArray, Array(kRegclass)}});
  return IsPortable(type, LookUp, &types);
}

TEST(IsPortable, BaseTypesWithASendFunctionAre) {
  EXPECT_TRUE(Portable(kInt4, {}));
  EXPECT_TRUE(Portable(kUser, {{kUser, Base()}}));
  EXPECT_FALSE(Portable(kUser, {{kUser, Base(false)}}));
}

TEST(IsPortable, TypesThatDoNotReceiveWhatTheySendAreNot) {
  for (const TypeOid type : {22U, 30U, 3615U}) EXPECT_FALSE(Portable(type, {{type, Base()}}));
  EXPECT_FALSE(Portable(3645, {{3645, Array(3615)}, {3615, Base()}}));
}

TEST(IsPortable, EnumsAre) { EXPECT_TRUE(Portable(kUser, {{kUser, {'e', true, false, 0, 0, 0}}})); }

TEST(IsPortable, ArraysAreWhereTheElementsOidIsTheSameEverywhere) {
  EXPECT_TRUE(Portable(kInt4Array, {}));
  EXPECT_FALSE(Portable(kUser + 1, {{kUser, Base()}, {kUser + 1, Array(kUser)}}));
  // information_schema's types have OIDs below 16384 that initdb assigns anew in each version
  EXPECT_FALSE(Portable(13001, {{13000, Base()}, {13001, Array(13000)}}));
}

TEST(IsPortable, TypesWhoseBinaryFormIsAnOidAreNot) {
  EXPECT_FALSE(Portable(kRegclass, {}));
  EXPECT_FALSE(Portable(kRegclassArray, {}));
  EXPECT_FALSE(Portable(kUser, {{kUser, Domain(kRegclass)}}));
}

TEST(IsPortable, CompositesAreNot) { EXPECT_FALSE(Portable(kUser, {{kUser, {'c', true, false, 0, 0, 0}}})); }

TEST(IsPortable, DomainsFollowTheirBase) {
  EXPECT_TRUE(Portable(kUser, {{kUser, Domain(kInt4Array)}}));
  EXPECT_TRUE(Portable(kUser + 1, {{kUser, Domain(kInt4)}, {kUser + 1, Domain(kUser)}}));
  EXPECT_FALSE(Portable(kUser + 1, {{kUser, Domain(kInt4)}, {kUser + 1, Array(kUser)}}));
}

TEST(IsPortable, RangesFollowTheirSubtype) {
  EXPECT_TRUE(Portable(kUser, {{kUser, Range(kInt4)}}));
  EXPECT_TRUE(Portable(kUser, {{kUser, Range(kInt4, 'm')}}));
  EXPECT_FALSE(Portable(kUser, {{kUser, Range(kRegclass)}}));
  EXPECT_FALSE(Portable(kUser + 1, {{kUser, {'c', true, false, 0, 0, 0}}, {kUser + 1, Range(kUser, 'm')}}));
}

TEST(IsPortable, UnknownTypesAreNot) { EXPECT_FALSE(Portable(kUser, {})); }

}  // namespace
}  // namespace airlift
